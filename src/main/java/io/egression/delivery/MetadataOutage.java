package io.egression.delivery;

import io.egression.connector.Backoff;
import io.egression.connector.RetryAfter;
import io.egression.job.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * How long jobs wait when the Metadata API does not answer as it should. Its outage never counts
 * against them, and while it asks to be left alone nobody on this node calls it. Thread safe.
 */
public final class MetadataOutage {
  private static final Backoff BACKOFF =
      new Backoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0.2, 1, Duration.ofDays(365));

  /** Of a Retry-After; afterwards it is asked again, whatever it said. */
  private static final Duration MOST = Duration.ofMinutes(10);

  /** Those that waited don't come back all at the same moment. */
  private static final double SPREAD = 0.1;

  private final Clock clock;
  private final RandomGenerator random;
  private final Map<String, Quiet> quiet = new ConcurrentHashMap<>();

  private record Quiet(long untilNanos, String reason) {}

  public MetadataOutage(Clock clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  /** It can't be asked now: the job waits, and it does not count against it. */
  Outcome away(Work work, String what) {
    return new Outcome.Delayed(
        BACKOFF.delay(1 + work.job.delays(), random), "Metadata API: " + what);
  }

  /**
   * What this answer, which is none to the question, means for the job.
   *
   * @param route that asked
   */
  Outcome refused(Work work, String route, Message answer) {
    Integer status = answer.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    if (status != null && (status == 401 || status == 403)) {
      return away(work, "status " + status + ": it does not take the hub's credentials");
    }
    Duration wait = asked(status, answer);
    if (wait == null) {
      return away(work, "status " + status);
    }
    String reason =
        "status " + status + ", it asks to be left alone for " + wait.toSeconds() + " s";
    quiet.put(route, new Quiet(System.nanoTime() + wait.toNanos(), reason));
    return delayed(wait, reason);
  }

  private @Nullable Duration asked(@Nullable Integer status, Message answer) {
    if (status == null || status != 429 && status != 503) {
      return null;
    }
    return RetryAfter.parse(Outcomes.header(answer, "Retry-After"), clock.instant())
        .map(wait -> wait.compareTo(MOST) > 0 ? MOST : wait)
        .orElse(null);
  }

  /** Throws while it is to be left alone. */
  void letItBe(String route) {
    Quiet asked = quiet.get(route);
    if (asked != null) {
      long left = asked.untilNanos - System.nanoTime();
      if (left > 0) {
        throw new UndeliverableException(delayed(Duration.ofNanos(left), asked.reason));
      }
      quiet.remove(route, asked);
    }
  }

  private Outcome delayed(Duration wait, String reason) {
    long spread = (long) (wait.toMillis() * SPREAD * random.nextDouble());
    return new Outcome.Delayed(wait.plusMillis(spread), "Metadata API: " + reason);
  }
}
