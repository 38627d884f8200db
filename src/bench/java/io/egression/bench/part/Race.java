package io.egression.bench.part;

import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Tally;
import io.egression.bench.stage.Waiting;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A load from its first request to the last job's end.
 *
 * @param handedIn how many jobs were taken in time
 * @param accepted seconds until the last request was answered
 * @param done seconds until nothing was pending, or until the time was over
 * @param cut whether the time was over
 */
record Race(int handedIn, double accepted, double done, boolean cut, Tally tally) {
  /** Hands in everything as fast as it is taken, while the contender works. */
  static Race run(Stage stage, Contender contender, Load load) {
    return run(stage, contender, load, 0);
  }

  /**
   * As {@link #run(Stage, Contender, Load)}, but the first jobs are a warm-up, which is done before
   * the clock starts: a program that runs for weeks has long been compiled.
   */
  static Race run(Stage stage, Contender contender, Load load, int warmUp) {
    if (warmUp > 0) {
      run(stage, contender, new Load(warmUp, load.keys(), load.failing()));
    }
    stage.sink().begin();
    long start = System.nanoTime();
    int handedIn =
        load.inRequests(
                warmUp,
                stage.settings().number("batch"),
                stage.settings().most(),
                (from, to) -> contender.accept(load, from, to))
            - warmUp;
    double accepted = seconds(start);
    boolean all = awaitDone(stage, contender, handedIn, start) && handedIn == load.jobs() - warmUp;
    double done = seconds(start);
    return new Race(handedIn, accepted, done, !all, stage.sink().log().tally(load, warmUp));
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
  Map<String, Number> figures() {
    Map<String, Number> figures = new LinkedHashMap<>();
    figures.put(Throughput.JOBS, tally.taken() / done);
    figures.put("accepted/s", handedIn / accepted);
    figures.put("out of order", tally.outOfOrder());
    figures.put("refused", tally.refused());
    figures.put("repeated", tally.repeated());
    figures.put("missing", handedIn - tally.taken());
    figures.put("cut", cut ? 1 : 0);
    return figures;
  }
}
