package io.egression.bench.stage;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits while others work. */
public final class Waiting {
  private Waiting() {}

  /** Does nothing for a while. */
  public static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the run was ended", e);
    }
  }

  /** Waits until something is so, or says after the time that it never was. */
  public static void until(long seconds, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("not within " + seconds + " s");
      }
      pause(50);
    }
  }
}
