package io.egression.bench.part;

import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Stage;
import java.util.List;

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

  /** Every part there is, in the order in which they run. */
  static List<Part> all() {
    return List.of(new Throughput());
  }
}
