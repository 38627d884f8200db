package io.egression.connector;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When a failed call is tried again, and when no more.
 *
 * @param first the delay after the first failure
 * @param factor by how much it grows each time; 1 is a fixed delay
 * @param most the longest delay
 * @param jitter part of the delay left to chance, 0 to 1
 * @param attempts failed calls after which it is given up
 * @param within time since the first failed call after which it is given up
 */
public record Backoff(
    Duration first, double factor, Duration most, double jitter, int attempts, Duration within) {
  public static final Backoff DEFAULT =
      new Backoff(Duration.ofSeconds(1), 2, Duration.ofMinutes(5), 0.2, 12, Duration.ofHours(24));

  public Backoff {
    boolean fits = factor >= 1 && jitter >= 0 && jitter <= 1 && attempts >= 1; // false for NaN
    if (!fits || first.isNegative() || most.isNegative()) {
      throw new IllegalArgumentException("not a backoff");
    }
  }

  /**
   * The delay after this many failures.
   *
   * @param failures 1 after the first failed call
   */
  public Duration delay(int failures, RandomGenerator random) {
    double plain = first.toMillis() * Math.pow(factor, Math.max(0, failures - 1));
    double capped = Math.min(plain, most.toMillis());
    double spread = capped * jitter * (2 * random.nextDouble() - 1);
    return Duration.ofMillis(Math.round(Math.max(0, Math.min(capped + spread, most.toMillis()))));
  }

  /** Whether no further attempt is made after this many failures. */
  public boolean isExhausted(int failures, @Nullable Instant failingSince, Instant now) {
    return failures >= attempts
        || (failingSince != null && !failingSince.plus(within).isAfter(now));
  }
}
