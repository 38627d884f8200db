package io.egression.connector;

import io.egression.limit.Limit;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a connector may be called and what its answers mean.
 *
 * @param retryAfterMost the longest wait that is obeyed when the connector asks for one
 * @param removed what becomes of runs whose messages were removed from the broker
 * @param rules first match wins; then the defaults
 */
public record Policy(
    Allowance allowance,
    Backoff retry,
    Timeouts timeouts,
    VendorHeaders headers,
    Duration retryAfterMost,
    Removed removed,
    List<OutcomeRule> rules) {
  /** What becomes of a run whose message somebody removed from the broker. */
  public enum Removed {
    /** It is sent again. */
    RESEND,
    /** Its jobs are cancelled. */
    DISCARD
  }

  /**
   * How much a connector takes.
   *
   * @param limits all must allow a call
   * @param accountConcurrency calls of one account at once; null: the account's window
   * @param connectorConcurrency calls of all accounts at once; null: any number
   * @param breaker null: none
   * @param bulk null: one job in a call
   */
  public record Allowance(
      List<Limit> limits,
      @Nullable Integer accountConcurrency,
      @Nullable Integer connectorConcurrency,
      @Nullable Breaker breaker,
      @Nullable Bulk bulk) {
    public Allowance {
      limits = List.copyOf(limits);
    }
  }

  /**
   * How much goes in one call: jobs of one run with the same action and type.
   *
   * @param objects the most, of all its jobs
   * @param bytes no further job is added to bodies of this size
   * @param linger how long a key with fewer jobs waits for more
   */
  public record Bulk(int objects, long bytes, Duration linger) {
    /** The longest that it is worth waiting. */
    static final Duration LONGEST_LINGER = Duration.ofMinutes(10);
  }

  /**
   * Pauses an account most of whose calls fail.
   *
   * @param failures share of the calls looked at, 0 to 1
   * @param of how many of the latest calls are looked at
   */
  public record Breaker(double failures, int of, Duration pause) {}

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

  /** The same with other limits and another backoff. */
  Policy with(List<Limit> limits, Backoff backoff) {
    return new Policy(
        new Allowance(
            limits,
            allowance.accountConcurrency,
            allowance.connectorConcurrency,
            allowance.breaker,
            allowance.bulk),
        backoff,
        timeouts,
        headers,
        retryAfterMost,
        removed,
        rules);
  }

  public static final Policy DEFAULT =
      new Policy(
          new Allowance(List.of(), null, null, null, null),
          Backoff.DEFAULT,
          Timeouts.DEFAULT,
          VendorHeaders.STANDARD,
          Duration.ofHours(1),
          Removed.RESEND,
          List.of());
}
