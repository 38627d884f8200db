package io.egression.ledger;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * The database's time, kept between heartbeats by this machine's monotonic clock, so that neither a
 * wrong nor a jumping system clock moves it. Thread safe.
 */
final class DatabaseClock extends Clock {
  private record Reading(Instant at, long nanos, Duration uncertainty) {}

  private volatile Reading reading = new Reading(Instant.EPOCH, System.nanoTime(), Duration.ZERO);

  /** Takes a reading that was asked at one and answered at another monotonic time. */
  void correct(Instant databaseTime, long askedNanos, long answeredNanos) {
    Duration half = Duration.ofNanos((answeredNanos - askedNanos) / 2);
    reading = new Reading(databaseTime.plus(half), answeredNanos, half);
  }

  /** The most by which it may be wrong. */
  Duration uncertainty() {
    return reading.uncertainty;
  }

  @Override
  public Instant instant() {
    Reading last = reading;
    return last.at.plusNanos(System.nanoTime() - last.nanos);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("instants only");
  }
}
