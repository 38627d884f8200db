package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.LineChart;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.HubContender;
import io.egression.bench.stage.HubFiles;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Waiting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Whether a job costs the same however many wait, over few keys or many. */
final class Growth implements Part {
  private static final String WAITING = "waiting";
  private static final String KEYS = "keys";

  /** Enough for the compiler: another account's jobs, before anything is measured. */
  private static final Load WARM_UP = new Load(10_000, 200);

  @Override
  public String name() {
    return "growth";
  }

  @Override
  public String title() {
    return "Growth: the first jobs of a backlog";
  }

  @Override
  public void run(Stage stage, Results results) {
    Repeats.of(stage.settings())
        .forEach(
            () -> {
              for (int keys : stage.settings().numbers("growth.keys")) {
                for (int jobs : stage.settings().numbers("growth.backlogs")) {
                  measure(stage, results, new Load(jobs, Math.min(jobs, keys)), keys);
                }
              }
            });
  }

  private void measure(Stage stage, Results results, Load load, int keys) {
    results.measure(
        Case.of(name(), Contenders.EGRESSION).with(KEYS, keys).with(WAITING, load.jobs()),
        () -> grow(stage, load));
  }

  private static Map<String, Number> grow(Stage stage, Load load) {
    HubFiles.Account account = HubFiles.Account.of(stage.sink().address(load));
    try (HubContender hub =
        stage.contenders().hub("", Map.of("shop", account, "warm-up", account))) {
      handIn(stage, hub, "warm-up", WARM_UP);
      Waiting.until(stage.settings().most().toSeconds(), () -> hub.pending("warm-up") == 0);
      hub.pause();
      long start = System.nanoTime();
      int handedIn = handIn(stage, hub, "shop", load);
      Map<String, Number> figures = new LinkedHashMap<>();
      figures.put("accepted/s", handedIn / Race.seconds(start));
      figures.put("live heap MB", hub.memory().liveHeapMegabytes());
      figures.put(Throughput.JOBS, deliver(stage, hub, load));
      figures.put("peak resident MB", hub.memory().peakMegabytes());
      figures.put("out of order", stage.sink().log().tally(load).outOfOrder());
      figures.put("cut", handedIn < load.jobs() ? 1 : 0);
      return figures;
    }
  }

  private static int handIn(Stage stage, HubContender hub, String channel, Load load) {
    return load.inRequests(
        stage.settings().number("batch"),
        stage.settings().most(),
        (from, to) -> hub.accept(channel, load, from, to));
  }

  /** The same number of jobs from every backlog, so that all are measured alike. */
  private static double deliver(Stage stage, HubContender hub, Load load) {
    int wanted = Math.min(load.jobs(), stage.settings().number("growth.jobs"));
    stage.sink().begin();
    long start = System.nanoTime();
    hub.work();
    long calls = 0;
    while (calls < wanted && Race.seconds(start) < stage.settings().most().toSeconds()) {
      Waiting.pause(20);
      calls = stage.sink().calls();
    }
    return calls / Race.seconds(start);
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(
        new Ratio("of 10,000 waiting", Throughput.JOBS, each -> each.with(WAITING, 10_000)));
  }

  @Override
  public Map<String, String> plots(Results results) {
    Map<String, Map<Double, Double>> lines = new LinkedHashMap<>();
    results
        .medians(name())
        .forEach(
            (of, figures) ->
                lines
                    .computeIfAbsent(of.circumstances().get(KEYS) + " keys", k -> new TreeMap<>())
                    .put(
                        Double.valueOf(of.circumstances().get(WAITING)),
                        figures.get(Throughput.JOBS)));
    return Map.of(
        "throughput-by-backlog.svg",
        new LineChart("Throughput by backlog", "jobs waiting", "jobs/s", lines).svg());
  }
}
