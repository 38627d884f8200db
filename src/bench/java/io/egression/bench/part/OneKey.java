package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import java.util.List;

/** One key alone, beside a bare route that calls the same Kamelet. */
final class OneKey implements Part {
  private static final String BARE = "camel-kamelet";

  @Override
  public String name() {
    return "onekey";
  }

  @Override
  public String title() {
    return "One key alone";
  }

  @Override
  public void run(Stage stage, Results results) {
    Load load = new Load(stage.settings().number("onekey.jobs"), 1);
    Repeats.of(stage.settings())
        .forEach(
            () ->
                List.of(Contenders.EGRESSION, Contenders.WRITE_BEHIND, BARE)
                    .forEach(c -> measure(stage, results, c, load)));
  }

  private void measure(Stage stage, Results results, String name, Load load) {
    results.measure(
        Case.of(name(), name).with("jobs", load.jobs()), () -> Throughput.race(stage, name, load));
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(new Ratio("of the bare route", Throughput.JOBS, each -> each.by(BARE)));
  }
}
