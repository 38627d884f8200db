package io.egression.bench.part;

import io.egression.bench.report.Samples;
import io.egression.bench.stage.Contender;
import io.egression.bench.stage.Load;
import io.egression.bench.stage.Stage;
import io.egression.bench.stage.Waiting;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A load that is handed in at a steady rate, whether or not the contender keeps up.
 *
 * @param accept milliseconds of each request
 * @param lag milliseconds from the moment when a job should have been handed in to its first call
 * @param missing jobs that were not called in time
 */
record Pace(Samples accept, Samples lag, int missing) {
  /**
   * Keeps the rate.
   *
   * @param warmUp how many of the first jobs are not looked at
   */
  static Pace keep(Stage stage, Contender contender, Load load, int rate, int warmUp) {
    int size = stage.settings().number("latency.batch");
    double[] due = new double[load.jobs()];
    Samples accept = new Samples();
    stage.sink().begin();
    double wall = System.currentTimeMillis();
    long start = System.nanoTime();
    load.inRequests(
        size,
        (from, to) -> {
          long at = from * TimeUnit.SECONDS.toNanos(1) / rate;
          sleepUntil(start + at);
          Arrays.fill(due, from, to, wall + at / 1e6);
          long asked = System.nanoTime();
          contender.accept(load, from, to);
          if (from >= warmUp) {
            accept.add((System.nanoTime() - asked) / 1e6);
          }
        });
    awaitCalls(stage, load);
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
              if (number >= warmUp && call.attempt() == 1) {
                lag.add(Math.max(0, call.millis() - due[number]));
              }
            });
    return lag;
  }

  private static void sleepUntil(long nanos) {
    for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static void awaitCalls(Stage stage, Load load) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (stage.sink().calls() < load.jobs() && System.nanoTime() < end) {
      Waiting.pause(50);
    }
  }
}
