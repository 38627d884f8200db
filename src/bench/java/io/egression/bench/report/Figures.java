package io.egression.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Figures: their medians and how they are written. */
final class Figures {
  private static final double SMALL = 100;

  private Figures() {}

  static Map<String, Double> medians(List<Results.Measurement> several) {
    Map<String, Double> medians = new LinkedHashMap<>();
    for (String figure : several.get(0).figures().keySet()) {
      medians.put(
          figure,
          median(
              several.stream().mapToDouble(m -> m.figures().get(figure).doubleValue()).toArray()));
    }
    return medians;
  }

  private static double median(double[] values) {
    java.util.Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }

  static String text(Number figure) {
    double value = figure.doubleValue();
    boolean whole = value == Math.rint(value) || Math.abs(value) >= SMALL;
    return String.format(Locale.ROOT, whole ? "%,.0f" : "%.2f", value);
  }
}
