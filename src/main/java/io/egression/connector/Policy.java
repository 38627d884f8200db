package io.egression.connector;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a connector may be called and what its answers mean.
 *
 * @param limit null: none
 * @param retryAfterMost the longest Retry-After that is obeyed
 * @param rules first match wins; then the defaults
 */
public record Policy(
    @Nullable Limit limit,
    Backoff retry,
    Timeouts timeouts,
    Duration retryAfterMost,
    List<OutcomeRule> rules) {
  /** At most so many calls in each period, all accounts together. */
  public record Limit(int permits, Duration per) {}

  /**
   * @param response the longest silence while waiting for the answer
   * @param total the whole call
   */
  public record Timeouts(Duration connect, Duration response, Duration total) {
    /** The longest call that a hub's lease can cover. */
    public static final Duration MOST = Duration.ofSeconds(35);

    public static final Timeouts DEFAULT =
        new Timeouts(Duration.ofSeconds(3), Duration.ofSeconds(20), Duration.ofSeconds(30));
  }

  public static final Policy DEFAULT =
      new Policy(null, Backoff.DEFAULT, Timeouts.DEFAULT, Duration.ofHours(1), List.of());
}
