package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import java.util.List;
import java.util.Map;

/** From the first request to the last job done, everybody working meanwhile. */
final class Throughput implements Part {
  private static final String NAME = "throughput";

  /** The figure that counts. */
  static final String JOBS = "jobs/s";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String title() {
    return "Throughput: accepted and delivered";
  }

  @Override
  public void run(Stage stage, Results results) {
    Repeats.of(stage.settings())
        .forEach(
            () -> {
              for (int jobs : stage.settings().numbers("jobs")) {
                for (int failing : stage.settings().numbers("failing")) {
                  Load load = new Load(jobs, stage.settings().number("keys"), failing);
                  stage
                      .settings()
                      .list("contenders")
                      .forEach(c -> measure(stage, results, c, load));
                }
              }
            });
  }

  /** The case of a contender and a load. */
  static Case of(String contender, Load load) {
    return Case.of(NAME, contender)
        .with("jobs", load.jobs())
        .with("failing", load.failing() + " %");
  }

  private static void measure(Stage stage, Results results, String name, Load load) {
    results.measure(of(name, load), () -> race(stage, name, load));
  }

  /** A contender alone on the stage, from its start on or warmed up. */
  static Map<String, Number> race(Stage stage, String name, Load load) {
    int warmUp = stage.settings().number("warmup");
    Load all = new Load(warmUp + load.jobs(), load.keys(), load.failing());
    try (Contender contender = stage.contenders().start(name, all)) {
      contender.work();
      return Race.run(stage, contender, all, warmUp).figures();
    }
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(
        new Ratio("of bare Camel", JOBS, each -> each.by("camel")),
        new Ratio("of Egression", JOBS, each -> each.by(Contenders.EGRESSION)));
  }
}
