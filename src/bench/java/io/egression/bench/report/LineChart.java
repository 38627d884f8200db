package io.egression.bench.report;

import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * Lines over a logarithmic axis, as SVG.
 *
 * @param lines points by the line's name
 */
public record LineChart(
    String title, String across, String up, Map<String, Map<Double, Double>> lines) {
  /** The picture. */
  public String svg() {
    Canvas canvas = new Canvas(title, across, up);
    TreeSet<Double> stops = new TreeSet<>();
    double most = 1;
    for (Map<Double, Double> line : lines.values()) {
      stops.addAll(line.keySet());
      most = Math.max(most, line.values().stream().mapToDouble(v -> v).max().orElse(0));
    }
    canvas.scale(most * 1.1);
    for (double stop : stops) {
      canvas.mark(x(stop, stops), String.format(Locale.ROOT, "%,.0f", stop));
    }
    lines.forEach(
        (name, line) -> {
          canvas.next(name);
          line.forEach((at, value) -> canvas.point(x(at, stops), value));
        });
    return canvas.svg();
  }

  private static double x(double at, TreeSet<Double> stops) {
    double span = Math.log(stops.last()) - Math.log(stops.first());
    return span == 0 ? 0.5 : (Math.log(at) - Math.log(stops.first())) / span;
  }
}
