package io.egression.bench.report;

import java.util.Arrays;

/** Many values of one figure. Not thread safe. */
public final class Samples {
  private double[] values = new double[1024];
  private int size;

  /** Adds a value. */
  public void add(double value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  /** Adds all values of another. */
  void addAll(Samples other) {
    for (int i = 0; i < other.size; i++) {
      add(other.values[i]);
    }
  }

  /** The value that so many of 100 do not exceed; 0 if there is none. */
  public double percentile(double share) {
    if (size == 0) {
      return 0;
    }
    double[] sorted = Arrays.copyOf(values, size);
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(size * share / 100) - 1)];
  }

  /** How much of all lies between two bounds, in percent. */
  double percentBetween(double from, double to) {
    long inside = Arrays.stream(values, 0, size).filter(v -> v >= from && v < to).count();
    return size == 0 ? 0 : 100.0 * inside / size;
  }
}
