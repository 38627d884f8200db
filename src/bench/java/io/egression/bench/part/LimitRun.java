package io.egression.bench.part;

import io.egression.bench.stage.Contender;
import io.egression.bench.stage.HubContender;
import io.egression.bench.stage.HubFiles;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Waiting;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Makes one contender use all allowances side by side, for the time of the settings. */
final class LimitRun {
  private static final String WARM_UP = "warm-up";

  /** Nobody is measured while its program is compiled: for half a minute it keeps another limit. */
  private static final Load WARMING = new Load(6000, 200);

  private static final String WARMING_LIMIT = "limits: [{name: rate, permits: 200, per: 1s}]";

  private final Stage stage;
  private final double millis;
  private final Load load;

  LimitRun(Stage stage) {
    this.stage = stage;
    int seconds = stage.settings().number("limits.seconds");
    this.millis = seconds * 1000.0;
    this.load = new Load(60 * seconds + 500, stage.settings().number("keys"));
  }

  /** Hubs, to which something happens in the middle. */
  Map<String, Map<String, Number>> hubs(
      int count, Consumer<HubContender> inTheMiddle, boolean ends) {
    Map<String, String> policies = new LinkedHashMap<>();
    Map<String, HubFiles.Account> accounts = new LinkedHashMap<>();
    policies.put(WARM_UP, WARMING_LIMIT);
    accounts.put(WARM_UP, new HubFiles.Account(WARM_UP, stage.sink().address(WARMING)));
    for (Allowance each : Allowance.all()) {
      policies.put(each.name(), each.policy());
      accounts.put(each.name(), new HubFiles.Account(each.name(), address(each)));
    }
    try (HubContender hubs = stage.contenders().hubs(count, each -> policies.get(each), accounts)) {
      handIn(WARMING, (from, to) -> hubs.accept(WARM_UP, WARMING, from, to));
      Waiting.until(stage.settings().most().toSeconds(), () -> hubs.pending(WARM_UP) == 0);
      limited().forEach(hubs::pause);
      limited().forEach(name -> handIn(load, (from, to) -> hubs.accept(name, load, from, to)));
      stage.sink().begin();
      long start = System.currentTimeMillis();
      limited().forEach(hubs::work);
      waitUntil(start + millis / 2);
      long before = System.currentTimeMillis();
      inTheMiddle.accept(hubs);
      Away away = ends ? new Away(before, System.currentTimeMillis()) : Away.NEVER;
      waitUntil(start + millis + 2000);
      Map<String, Map<String, Number>> figures = figures(away);
      for (Allowance each : Allowance.all()) {
        double[] starts = hubs.starts(each.name());
        Arrays.sort(starts);
        figures.get(each.name()).put("over (hub)", each.over(starts));
        figures.get(each.name()).put("fullest % (hub)", each.fullest(starts));
      }
      return figures;
    }
  }

  /** A peer; its calls have the same paths. */
  Map<String, Map<String, Number>> peer(Contender peer) {
    handIn(load, (from, to) -> peer.accept(load, from, to));
    stage.sink().begin();
    long start = System.currentTimeMillis();
    peer.work();
    waitUntil(start + millis + 2000);
    return figures(Away.NEVER);
  }

  private static List<String> limited() {
    return Allowance.all().stream().map(Allowance::name).toList();
  }

  private String address(Allowance allowance) {
    return stage.sink().address("limit/" + allowance.name());
  }

  private void handIn(Load jobs, java.util.function.BiConsumer<Integer, Integer> request) {
    jobs.inRequests(stage.settings().number("batch"), stage.settings().most(), request);
  }

  private static void waitUntil(double moment) {
    Waiting.pause(Math.max(0, (long) moment - System.currentTimeMillis()));
  }

  private Map<String, Map<String, Number>> figures(Away away) {
    Map<String, Map<String, Number>> all = new LinkedHashMap<>();
    for (Allowance each : Allowance.all()) {
      double[] calls = stage.sink().log().millis("limit/" + each.name());
      if (calls.length == 0) {
        throw new IllegalStateException("no calls: " + each);
      }
      double first = calls[0];
      long made = Arrays.stream(calls).filter(call -> call < first + millis).count();
      int most = each.most(millis, away.since(first));
      Map<String, Number> figures = new LinkedHashMap<>();
      figures.put(Limits.CALLS, made);
      figures.put("allowed", most);
      figures.put("share %", 100.0 * made / most);
      figures.put("over (sink)", each.over(calls));
      figures.put("fullest % (sink)", each.fullest(calls));
      all.put(each.name(), figures);
    }
    return all;
  }
}
