package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.BenchSettings;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.Hanging;
import io.egression.bench.stage.HubContender;
import io.egression.bench.stage.HubFiles;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Waiting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is left of an account's throughput beside one that is in trouble. */
final class Isolation implements Part {
  private static final String BESIDE = "beside";
  private static final String NONE = "nothing";
  private static final String TROUBLED = "troubled";

  /** What the troubled account has waiting. */
  private static final Load TROUBLE = new Load(10_000, 200);

  @Override
  public String name() {
    return "isolation";
  }

  @Override
  public String title() {
    return "Isolation: one account beside another in trouble";
  }

  @Override
  public void run(Stage stage, Results results) {
    try (Hanging hanging = new Hanging()) {
      Map<String, HubFiles.Account> troubles = new LinkedHashMap<>();
      HubFiles.Account quiet = HubFiles.Account.of(stage.sink().address("0"));
      troubles.put(NONE, quiet);
      troubles.put(
          "a dead connector", new HubFiles.Account("dead-connector", "http://127.0.0.1:1/"));
      troubles.put("a hanging account", HubFiles.Account.of(hanging.address()));
      troubles.put(
          "an account always retried", HubFiles.Account.of(stage.sink().address("always")));
      Repeats.of(stage.settings())
          .forEach(() -> troubles.forEach((beside, how) -> measure(stage, results, beside, how)));
    }
  }

  private void measure(Stage stage, Results results, String beside, HubFiles.Account trouble) {
    results.measure(
        Case.of(name(), Contenders.EGRESSION).with(BESIDE, beside),
        () -> race(stage, beside, trouble));
  }

  private static Map<String, Number> race(Stage stage, String beside, HubFiles.Account trouble) {
    BenchSettings settings = stage.settings();
    Load load = new Load(settings.number("isolation.jobs"), settings.number("keys"));
    Map<String, HubFiles.Account> accounts =
        Map.of("shop", HubFiles.Account.of(stage.sink().address(load)), TROUBLED, trouble);
    try (HubContender hub = stage.contenders().hub("", accounts)) {
      if (!beside.equals(NONE)) {
        TROUBLE.inRequests(
            settings.number("batch"),
            settings.most(),
            (from, to) -> hub.accept(TROUBLED, TROUBLE, from, to));
      }
      Waiting.pause(2000); // the trouble has begun
      return Race.run(stage, hub, load).figures();
    }
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(
        new Ratio("of the undisturbed", Throughput.JOBS, each -> each.with(BESIDE, NONE)));
  }
}
