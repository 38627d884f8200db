package io.egression.delivery;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Spaces this node's requests to the Metadata API evenly. A lane that has to wait gets a moment of
 * its own and comes back then, so that a backlog is not polled. Thread safe.
 */
public final class MetadataPace {
  /** A lane that does not come back within this time has lost its moment. */
  private static final long KEPT = Duration.ofSeconds(30).toNanos();

  private final int rate;
  private final Map<Long, Long> moments = new HashMap<>();
  private final long gap;
  private @Nullable Long next;
  private @Nullable Long free;

  /**
   * @param rate requests a second; 0: any number
   */
  public MetadataPace(int rate) {
    this.rate = rate;
    this.gap = rate == 0 ? 0 : Duration.ofSeconds(1).toNanos() / rate;
  }

  /**
   * Asks for the lane's next request, or comes back for it.
   *
   * @param now in nanoseconds, of any origin but always the same
   * @return how long until the lane's moment; zero: that is now
   */
  synchronized Duration ask(long lane, long now) {
    if (rate == 0) {
      return Duration.ZERO;
    }
    moments.values().removeIf(moment -> now - moment > KEPT);
    Long moment = moments.remove(lane);
    if (moment == null) {
      moment = later(now, next);
      next = moment + gap;
    }
    moment = later(moment, free); // those that came late are not let in at once
    if (moment - now > 0) {
      moments.put(lane, moment);
      return Duration.ofNanos(moment - now);
    }
    free = now + gap;
    return Duration.ZERO;
  }

  private static long later(long one, @Nullable Long other) {
    return other == null || one - other > 0 ? one : other;
  }

  @Override
  public String toString() {
    return rate + " requests a second";
  }
}
