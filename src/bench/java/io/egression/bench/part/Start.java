package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Starts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** From the command to ready, and what is resident then. */
final class Start implements Part {
  private static final String START = "start";
  private static final String BARE = "camel-main";
  private static final String AGAIN = "again";
  private static final String SECONDS = "ready s";

  @Override
  public String name() {
    return START;
  }

  @Override
  public String title() {
    return "Start: everything embedded, beside an empty camel-main program";
  }

  @Override
  public void run(Stage stage, Results results) {
    Repeats.of(stage.settings())
        .forEach(
            () -> {
              Starts starts = stage.contenders().starts();
              measure(results, Contenders.EGRESSION, "first", starts::hub);
              measure(results, Contenders.EGRESSION, AGAIN, starts::hub);
              measure(results, BARE, AGAIN, starts::camelMain);
            });
  }

  private interface Starter {
    Starts.Started start();
  }

  private void measure(Results results, String name, String start, Starter starter) {
    results.measure(
        Case.of(name(), name).with(START, start),
        () -> {
          long from = System.nanoTime();
          try (Starts.Started started = starter.start()) {
            Map<String, Number> figures = new LinkedHashMap<>();
            figures.put(SECONDS, Race.seconds(from));
            figures.put("resident MB", started.memory().residentMegabytes());
            return figures;
          }
        });
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(new Ratio("of camel-main", SECONDS, each -> each.by(BARE).with(START, AGAIN)));
  }
}
