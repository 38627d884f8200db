package io.egression.bench.part;

import java.util.Arrays;

/**
 * One limit as a vendor counts it; times in milliseconds.
 *
 * @param margin permits of each period that the hub leaves unused
 * @param burst what its bucket holds; 1: it is no bucket, but counted in any period that is as long
 * @param paced whether the hub sends one after another, evenly
 */
record Bound(double permits, double margin, double period, double burst, boolean paced) {
  /** What a policy that says nothing leaves unused. */
  private static final double MARGIN = 0.02;

  /** Paced, counted in sliding periods. */
  static Bound rate(double permits, double period) {
    return new Bound(permits, permits * MARGIN, period, 1, true);
  }

  /** A token bucket. */
  static Bound bucket(double permits, double period, double burst) {
    return new Bound(permits, permits * MARGIN, period, burst, true);
  }

  /** At most so many in any period. */
  static Bound window(double permits, double period) {
    return new Bound(permits, permits * MARGIN, period, 1, false);
  }

  /** When the call after these may be made if the margin is left. */
  double next(double[] calls, int count) {
    if (count == 0) {
      return 0;
    }
    int used = (int) Math.floor(permits - margin);
    if (!paced) {
      return count < used
          ? calls[count - 1]
          : Math.max(calls[count - 1], calls[count - used] + period);
    }
    double pace = period / (permits - margin);
    double full = 0; // when the bucket is full again
    for (int i = 0; i < count; i++) {
      full = Math.max(full, calls[i]) + pace;
    }
    return Math.max(calls[count - 1], full - (burst - 1) * pace);
  }

  /**
   * How much was used, at each call: of a bucket or of the period that ends with the call; more
   * than {@link #most()} is too much.
   */
  double[] used(double[] calls) {
    double[] used = new double[calls.length];
    double full = Double.NEGATIVE_INFINITY;
    int first = 0;
    for (int i = 0; i < calls.length; i++) {
      full = Math.max(full, calls[i]) + period / permits;
      while (calls[i] - calls[first] >= period) {
        first++;
      }
      used[i] = isBucket() ? (full - calls[i]) * permits / period : i - first + 1;
    }
    return used;
  }

  /** How many calls were too many. */
  long over(double[] calls) {
    return Arrays.stream(used(calls)).filter(used -> used > most() + 1e-6).count();
  }

  /** The most that was used at a time, of 100. */
  double fullest(double[] calls) {
    return 100 * Arrays.stream(used(calls)).max().orElse(0) / most();
  }

  private boolean isBucket() {
    return burst > 1;
  }

  private double most() {
    return isBucket() ? burst : permits;
  }
}
