package io.egression.bench.stage;

import java.util.function.BiConsumer;

/**
 * Numbered jobs, dealt round the keys: number 0 is the first of key 0, number 1 the first of key 1.
 *
 * @param failing how many of 100 jobs the sink refuses at their first attempt
 */
public record Load(int jobs, int keys, int failing) {
  /** A load that never fails. */
  public Load(int jobs, int keys) {
    this(jobs, keys, 0);
  }

  /** The key of a job. */
  public String key(int number) {
    return "k" + number % keys;
  }

  /** A job's place in its key, from 1. */
  public int place(int number) {
    return number / keys + 1;
  }

  /** The number of the job at a place of a key. */
  public int number(String key, int place) {
    return (place - 1) * keys + Integer.parseInt(key.substring(1));
  }

  /** All jobs in order, a request at a time: from (inclusive) and to (exclusive). */
  public void inRequests(int size, BiConsumer<Integer, Integer> request) {
    for (int from = 0; from < jobs; from += size) {
      request.accept(from, Math.min(jobs, from + size));
    }
  }
}
