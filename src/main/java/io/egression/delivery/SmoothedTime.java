package io.egression.delivery;

import java.time.Duration;

/**
 * A mean and a deviation of times that follow the latest samples, as RFC 6298 keeps them for round
 * trips. Thread safe.
 */
final class SmoothedTime {
  private double meanNanos;
  private double deviationNanos;

  SmoothedTime(Duration first) {
    meanNanos = first.toNanos();
  }

  synchronized void sample(Duration time) {
    double nanos = Math.max(0, time.toNanos());
    deviationNanos += (Math.abs(nanos - meanNanos) - deviationNanos) / 4;
    meanNanos += (nanos - meanNanos) / 8;
  }

  synchronized Duration mean() {
    return Duration.ofNanos(Math.round(meanNanos));
  }

  /** What few samples exceed. */
  synchronized Duration most() {
    return Duration.ofNanos(Math.round(meanNanos + 2 * deviationNanos));
  }
}
