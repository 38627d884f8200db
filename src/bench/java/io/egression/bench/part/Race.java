package io.egression.bench.part;

import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Sink;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Tally;
import io.egression.bench.stage.Waiting;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A load from its first request to the last job's end.
 *
 * @param accepted seconds until the last request was answered
 * @param done seconds until nothing was pending, or until the time was over
 */
record Race(double accepted, double done, boolean cut, Tally tally) {
  /** Hands in everything as fast as it is taken, while the contender works. */
  static Race run(Stage stage, Contender contender, Load load) {
    Sink sink = stage.sink();
    sink.begin();
    long start = System.nanoTime();
    load.inRequests(
        stage.settings().number("batch"), (from, to) -> contender.accept(load, from, to));
    double accepted = seconds(start);
    boolean cut = !awaitDone(stage, contender, load.jobs(), start);
    double done = seconds(start);
    return new Race(accepted, done, cut, sink.log().tally(load));
  }

  private static boolean awaitDone(Stage stage, Contender contender, int jobs, long start) {
    long most = stage.settings().most().toSeconds();
    while (stage.sink().calls() < jobs || contender.pending() > 0) {
      if (seconds(start) > most) {
        return false;
      }
      Waiting.pause(50);
    }
    return true;
  }

  static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Its figures by their names in the table. */
  Map<String, Number> figures(Load load) {
    Map<String, Number> figures = new LinkedHashMap<>();
    figures.put("jobs/s", tally.taken() / done);
    figures.put("accepted/s", load.jobs() / accepted);
    figures.put("out of order", tally.outOfOrder());
    figures.put("refused", tally.refused());
    figures.put("repeated", tally.repeated());
    figures.put("missing", load.jobs() - tally.taken());
    figures.put("cut", cut ? 1 : 0);
    return figures;
  }
}
