package io.egression.bench.part;

import io.egression.bench.function.FilterFunctions;
import io.egression.bench.function.HotFunctions;
import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.Stage;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** The pure functions that run for every call, by JMH. */
final class Functions implements Part {
  @Override
  public String name() {
    return "functions";
  }

  @Override
  public String title() {
    return "Functions: what is computed for each call";
  }

  @Override
  public void run(Stage stage, Results results) {
    for (RunResult result : measured()) {
      results.measure(
          Case.of(name(), Contenders.EGRESSION)
              .with("function", result.getPrimaryResult().getLabel()),
          () -> Map.of("ns", result.getPrimaryResult().getScore()));
    }
  }

  private static Collection<RunResult> measured() {
    try {
      return new Runner(
              new OptionsBuilder()
                  .include(HotFunctions.class.getName())
                  .include(FilterFunctions.class.getName())
                  .shouldFailOnError(true)
                  .build())
          .run();
    } catch (RunnerException e) {
      throw new IllegalStateException("JMH did not run", e);
    }
  }

  @Override
  public List<Ratio> ratios() {
    return List.of();
  }
}
