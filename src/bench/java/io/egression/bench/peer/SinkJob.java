package io.egression.bench.peer;

import java.io.Serializable;

/** A job as a peer keeps it. */
public record SinkJob(int number, String key, int place) implements Serializable {
  private static final long serialVersionUID = 1;

  /** The job with a number, the keys being dealt round. */
  static SinkJob of(int number, int keys) {
    return new SinkJob(number, "k" + number % keys, number / keys + 1);
  }

  /** Its name, the same on every attempt. */
  String id() {
    return key + "-" + place;
  }

  /** What is posted: as long as what Egression posts. */
  String body(int attempt) {
    return """
        {"job":"01a210f1-4ac1-7c78-a178-%012d","attempt":%d,"subscription":"acme","source":"bench","channel":"shop",\
        "action":"update","objectType":"product","objects":[{"id":"P%d"}]}"""
        .formatted(number, attempt, number);
  }
}
