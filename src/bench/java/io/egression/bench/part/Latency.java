package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.HistogramChart;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.report.Samples;
import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * At half of each contender's own throughput: how long acceptance takes, and how long after a job
 * was due its call came.
 */
final class Latency implements Part {
  private static final String LAG = "lag p99 ms";

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String title() {
    return "Latency at half load";
  }

  @Override
  public void run(Stage stage, Results results) {
    Map<String, Integer> rates = new HashMap<>();
    Repeats.of(stage.settings())
        .forEach(
            () ->
                stage
                    .settings()
                    .list("contenders")
                    .forEach(name -> measure(stage, results, name, rates)));
  }

  /** As this run has measured it, or else found out now. */
  private static double throughput(Stage stage, Results results, String name) {
    Load load = new Load(stage.settings().numbers("jobs").get(0), stage.settings().number("keys"));
    return results
        .median(Throughput.of(name, load), Throughput.JOBS)
        .orElseGet(() -> Throughput.race(stage, name, load).get(Throughput.JOBS).doubleValue());
  }

  private void measure(Stage stage, Results results, String name, Map<String, Integer> rates) {
    Case of = Case.of(name(), name);
    results.measure(
        of,
        () -> {
          int rate = rates.computeIfAbsent(name, key -> half(throughput(stage, results, key)));
          Pace pace = pace(stage, name, rate);
          results.addSamples(of, pace.lag());
          return figures(rate, pace);
        });
  }

  private static int half(double throughput) {
    return Math.max(1, (int) (throughput / 2));
  }

  private static Pace pace(Stage stage, String name, int rate) {
    int seconds = stage.settings().number("latency.seconds");
    int warmUp = rate * stage.settings().number("latency.warmup");
    Load load = new Load(warmUp + rate * seconds, stage.settings().number("keys"));
    try (Contender contender = stage.contenders().start(name, load)) {
      contender.work();
      return Pace.keep(stage, contender, load, rate, warmUp);
    }
  }

  private static Map<String, Number> figures(int rate, Pace pace) {
    Map<String, Number> figures = new LinkedHashMap<>();
    figures.put("offered/s", rate);
    figures.put("accept p50 ms", pace.accept().percentile(50));
    figures.put("accept p99 ms", pace.accept().percentile(99));
    figures.put("lag p50 ms", pace.lag().percentile(50));
    figures.put(LAG, pace.lag().percentile(99));
    figures.put("missing", pace.missing());
    return figures;
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(new Ratio("lag p99 of bare Camel", LAG, each -> each.by("camel")));
  }

  @Override
  public Map<String, String> plots(Results results) {
    Map<String, Samples> lags = new LinkedHashMap<>();
    results.samples(name()).forEach((of, samples) -> lags.put(of.contender(), samples));
    return Map.of(
        "latency.svg", new HistogramChart("From due to call, at half load", "ms", lags).svg());
  }
}
