package io.egression.bench.part;

import io.egression.bench.report.Samples;
import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Waiting;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * A load that is handed in at a steady rate, whether or not the contender keeps up.
 *
 * @param accept milliseconds of each request
 * @param lag milliseconds from the moment when a job should have been handed in to its first call
 * @param missing jobs that were not called in time
 */
record Pace(Samples accept, Samples lag, int missing) {
  /**
   * Keeps the rate: first for a warm-up, which is waited for and not looked at, so that what was
   * late then is not late for ever.
   *
   * @param warmUp how many of the first jobs it has
   */
  static Pace keep(Stage stage, Contender contender, Load load, int rate, int warmUp) {
    Schedule schedule = new Schedule(rate);
    double[] due = new double[load.jobs()];
    Samples accept = new Samples();
    stage.sink().begin();
    load.inRequests(
        stage.settings().number("latency.batch"),
        stage.settings().most(),
        (from, to) -> {
          boolean measured = from >= warmUp;
          if (measured && !schedule.isAnew()) {
            awaitCalls(stage, from);
            schedule.anew(from);
          }
          Arrays.fill(due, from, to, schedule.await(from));
          long asked = System.nanoTime();
          contender.accept(load, from, to);
          if (measured) {
            accept.add((System.nanoTime() - asked) / 1e6);
          }
        });
    awaitCalls(stage, load.jobs());
    return new Pace(accept, lag(stage, load, due, warmUp), load.jobs() - called(stage, load));
  }

  private static int called(Stage stage, Load load) {
    return stage.sink().log().tally(load).taken();
  }

  private static Samples lag(Stage stage, Load load, double[] due, int warmUp) {
    Samples lag = new Samples();
    stage
        .sink()
        .log()
        .forEach(
            call -> {
              int number = load.number(call.key(), call.place());
              if (number >= warmUp && due[number] > 0 && call.attempt() == 1) {
                lag.add(Math.max(0, call.millis() - due[number]));
              }
            });
    return lag;
  }

  private static void awaitCalls(Stage stage, int calls) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (stage.sink().calls() < calls && System.nanoTime() < end) {
      Waiting.pause(50);
    }
  }
}
