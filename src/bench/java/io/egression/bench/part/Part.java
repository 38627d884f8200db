package io.egression.bench.part;

import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Stage;
import java.util.List;
import java.util.Map;

/** A part of the suite. */
public interface Part {
  /** Its name in {@code bench.parts}. */
  String name();

  /** What its table is called. */
  String title();

  /** Measures; each measurement goes into the results as it comes. */
  void run(Stage stage, Results results);

  /** What its figures are set against. */
  List<Ratio> ratios();

  /** Its plots as SVG, by file name. */
  default Map<String, String> plots(Results results) {
    return Map.of();
  }

  /** Every part there is, in the order in which they run. */
  static List<Part> all() {
    return List.of(
        new Throughput(),
        new Latency(),
        new Growth(),
        new Isolation(),
        new OneKey(),
        new Nodes(),
        new Limits(),
        new Start(),
        new Streamed(),
        new Functions());
  }
}
