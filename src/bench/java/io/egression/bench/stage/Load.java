package io.egression.bench.stage;

import java.time.Duration;
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

  /** How many of the first jobs a key has. */
  int placesBelow(String key, int first) {
    int own = Integer.parseInt(key.substring(1));
    return first <= own ? 0 : (first - own - 1) / keys + 1;
  }

  /** The number of the job at a place of a key. */
  public int number(String key, int place) {
    return (place - 1) * keys + Integer.parseInt(key.substring(1));
  }

  /**
   * All jobs in order, a request at a time: from (inclusive) and to (exclusive).
   *
   * @param most when to stop if not everything is handed in by then
   * @return how many were handed in
   */
  public int inRequests(int size, Duration most, BiConsumer<Integer, Integer> request) {
    return inRequests(0, size, most, request);
  }

  /**
   * As {@link #inRequests(int, Duration, BiConsumer)}, without the first jobs.
   *
   * @param first how many have been handed in before
   * @return how many were handed in, the first ones included
   */
  public int inRequests(int first, int size, Duration most, BiConsumer<Integer, Integer> request) {
    long start = System.nanoTime();
    int from = first;
    while (from < jobs && System.nanoTime() - start < most.toNanos()) {
      int to = Math.min(jobs, from + size);
      request.accept(from, to);
      from = to;
    }
    return from;
  }
}
