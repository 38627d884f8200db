package io.egression.bench.part;

import java.util.Arrays;
import java.util.List;

/**
 * What an account may be called, in the policy's words and as the vendor counts it.
 *
 * @param name of the account; its calls have it in their path
 * @param text as a person says it
 * @param policy the connector's limits, as YAML
 * @param bounds all must hold
 */
record Allowance(String name, String text, String policy, List<Bound> bounds) {
  private static final double SECOND = 1000;

  /** Those that the suite measures. */
  static List<Allowance> all() {
    return List.of(
        new Allowance(
            "rate",
            "50/s",
            "limits: [{name: rate, permits: 50, per: 1s}]",
            List.of(Bound.rate(50, SECOND))),
        new Allowance(
            "burst",
            "2/s, burst 40",
            "limits: [{name: rate, permits: 2, per: 1s, burst: 40}]",
            List.of(Bound.bucket(2, SECOND, 40))),
        new Allowance(
            "window",
            "100 per 30 s and 10/s",
            "limits: [{name: window, kind: window, permits: 100, per: 30s},"
                + " {name: rate, permits: 10, per: 1s}]",
            List.of(Bound.window(100, 30 * SECOND), Bound.rate(10, SECOND))));
  }

  /**
   * How many calls can be made, the margin left, from the first one on.
   *
   * @param millis for how long
   * @param away from when to when nobody is there, after the first call
   */
  int most(double millis, Away away) {
    double[] calls = new double[1024];
    int count = 0;
    while (true) {
      double next = 0;
      for (Bound bound : bounds) {
        next = Math.max(next, bound.next(calls, count));
      }
      next = away.after(next);
      if (next >= millis) {
        return count;
      }
      if (count == calls.length) {
        calls = Arrays.copyOf(calls, count * 2);
      }
      calls[count++] = next;
    }
  }

  /** How many calls were too many for one of the bounds. */
  long over(double[] calls) {
    return bounds.stream().mapToLong(bound -> bound.over(calls)).sum();
  }

  /** The most that was used of a bound at a time, of 100. */
  double fullest(double[] calls) {
    return bounds.stream().mapToDouble(bound -> bound.fullest(calls)).max().orElse(0);
  }
}
