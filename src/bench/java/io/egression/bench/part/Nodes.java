package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.HubContender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import java.util.List;

/** Several hubs that share a broker and the database; they also share the machine. */
final class Nodes implements Part {
  private static final String NODES = "nodes";

  @Override
  public String name() {
    return NODES;
  }

  @Override
  public String title() {
    return "Nodes: hubs that share broker, database and machine";
  }

  @Override
  public void run(Stage stage, Results results) {
    Load load = new Load(stage.settings().number("nodes.jobs"), stage.settings().number("keys"));
    Repeats.of(stage.settings())
        .forEach(
            () -> stage.settings().numbers(NODES).forEach(n -> measure(stage, results, load, n)));
  }

  private void measure(Stage stage, Results results, Load load, int count) {
    results.measure(
        Case.of(name(), Contenders.EGRESSION).with(NODES, count),
        () -> {
          try (HubContender hubs = stage.contenders().hubs(count, load)) {
            return Race.run(stage, hubs, load).figures();
          }
        });
  }

  @Override
  public List<Ratio> ratios() {
    return List.of(new Ratio("of one node", Throughput.JOBS, each -> each.with(NODES, 1)));
  }
}
