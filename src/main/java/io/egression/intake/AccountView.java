package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.ledger.OverviewQueries.Lanes;
import io.egression.ledger.OverviewQueries.Oldest;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an account stands.
 *
 * @param state running, idle, waiting, throttled, held, paused or removed
 * @param text the state as a sentence
 * @param until when it goes on by itself
 * @param backlog jobs that are not final
 * @param dead 10001 stands for more
 * @param oldest of the jobs that are first in their lanes
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record AccountView(
    String subscription,
    String channel,
    String connector,
    String state,
    String text,
    @Nullable Instant until,
    long backlog,
    Lanes lanes,
    int window,
    long dead,
    @Nullable Oldest oldest,
    List<LimitView> limits,
    LastHour lastHour) {

  /**
   * A limit, and what is left of it.
   *
   * @param text as a person says it
   * @param left permits that may be taken now
   * @param of the most that can be
   * @param next when the next permit is there
   */
  public record LimitView(
      String name, String text, String scope, long left, long of, Instant next) {}

  /**
   * The last sixty minutes.
   *
   * @param callsPerMinute of the last whole minute
   * @param minutes each minute's deliveries and failures, the present one last
   */
  public record LastHour(
      int accepted,
      int calls,
      int delivered,
      int failed,
      int throttled,
      int dead,
      int callsPerMinute,
      Minutes minutes) {}

  /** Sixty numbers each. */
  public record Minutes(List<Integer> accepted, List<Integer> delivered, List<Integer> failed) {}
}
