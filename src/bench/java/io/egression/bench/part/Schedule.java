package io.egression.bench.part;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** When each job is due, at a steady rate. */
final class Schedule {
  private final int rate;
  private int first;
  private double wall = System.currentTimeMillis();
  private long start = System.nanoTime();
  private boolean anew;

  Schedule(int rate) {
    this.rate = rate;
  }

  /** Begins anew with a job that is due now. */
  void anew(int number) {
    anew = true;
    first = number;
    wall = System.currentTimeMillis();
    start = System.nanoTime();
  }

  boolean isAnew() {
    return anew;
  }

  /** Waits until a job is due, if that is not over, and returns when it was: since the epoch. */
  double await(int number) {
    long at = (number - first) * TimeUnit.SECONDS.toNanos(1) / rate;
    for (long left = start + at - System.nanoTime();
        left > 0;
        left = start + at - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
    return wall + at / 1e6;
  }
}
