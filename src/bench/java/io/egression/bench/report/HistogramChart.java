package io.egression.bench.report;

import java.util.Locale;
import java.util.Map;

/** How values are spread, on a logarithmic axis, as SVG: percent of all in each bucket. */
public record HistogramChart(String title, String unit, Map<String, Samples> samples) {
  private static final int DECADES = 5;
  private static final int IN_DECADE = 4;

  /** The picture. */
  public String svg() {
    Canvas canvas = new Canvas(title, unit, "% of calls");
    canvas.scale(100);
    for (int decade = 0; decade <= DECADES; decade++) {
      canvas.mark(
          (double) decade / DECADES, String.format(Locale.ROOT, "%,.0f", Math.pow(10, decade)));
    }
    samples.forEach(
        (name, values) -> {
          canvas.next(name);
          int buckets = DECADES * IN_DECADE;
          for (int bucket = 0; bucket < buckets; bucket++) {
            double from = bucket == 0 ? 0 : bound(bucket);
            double percent = values.percentBetween(from, bound(bucket + 1));
            canvas.point((bucket + 0.5) / buckets, percent);
          }
        });
    return canvas.svg();
  }

  /** Where a bucket begins: from 1 upwards. */
  private static double bound(int bucket) {
    return Math.pow(10, (double) bucket / IN_DECADE);
  }
}
