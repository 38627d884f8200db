package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.HubContender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Redis;
import io.egression.bench.stage.Stage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How much of what is allowed gets used while work waits, and whether it is ever too much. */
final class Limits implements Part {
  /** The figure that is compared. */
  static final String CALLS = "calls";

  private static final String BULLMQ = "bullmq";

  @Override
  public String name() {
    return "limits";
  }

  @Override
  public String title() {
    return "Limits: how much of the allowance is used";
  }

  @Override
  public void run(Stage stage, Results results) {
    Repeats.of(stage.settings())
        .forEach(
            () ->
                stage
                    .settings()
                    .list("limits.contenders")
                    .forEach(contender -> measure(stage, results, contender)));
  }

  private void measure(Stage stage, Results results, String contender) {
    Case of = Case.of(name(), contender);
    if (contender.equals(BULLMQ) && !Redis.isInstalled()) {
      results.skip(of, "there is no redis-server");
      return;
    }
    Map<String, Map<String, Number>> found = new HashMap<>();
    for (Allowance allowance : Allowance.all()) {
      results.measure(
          of.with("limit", allowance.text()),
          () -> {
            if (found.isEmpty()) { // all are measured at once
              found.putAll(measure(stage, contender));
            }
            return found.get(allowance.name());
          });
    }
  }

  private static Map<String, Map<String, Number>> measure(Stage stage, String contender) {
    LimitRun run = new LimitRun(stage);
    return switch (contender) {
      case Contenders.EGRESSION -> run.hubs(1, hubs -> {}, false);
      case "egression-3" -> run.hubs(3, hubs -> {}, false);
      case "egression-restarted" -> run.hubs(1, HubContender::restart, true);
      case "egression-joined" -> run.hubs(1, HubContender::join, false);
      case BULLMQ -> {
        try (Redis redis = new Redis(stage.contenders().directory("redis"));
            Contender peer = stage.contenders().bullmq(redis, NOTHING)) {
          yield run.peer(peer);
        }
      }
      default -> {
        try (Contender peer = stage.contenders().start(contender, NOTHING)) {
          yield run.peer(peer);
        }
      }
    };
  }

  /** The paths of the calls are the limits', not a load's. */
  private static final Load NOTHING = new Load(0, 2);

  @Override
  public List<Ratio> ratios() {
    return List.of(new Ratio("of Egression", CALLS, each -> each.by(Contenders.EGRESSION)));
  }
}
