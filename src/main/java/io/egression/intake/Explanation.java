package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.ledger.JobQueries.Found;
import io.egression.ledger.JobQueries.Lane;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a job that is not final waits for.
 *
 * @param kind a word for programs
 * @param text a sentence for people
 * @param job which job it waits for
 * @param until when it goes on
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Explanation(String kind, String text, @Nullable UUID job, @Nullable Instant until) {
  static @Nullable Explanation of(Found found, Instant now) {
    Lane lane = found.lane();
    return switch (found.job().state()) {
      case "scheduled" -> scheduled(found);
      case "gated" -> gated(found);
      case "delivering" -> new Explanation("call", "its call is being made", null, null);
      case "waiting" ->
          found.job().id().equals(lane.firstJob()) ? first(lane, now) : behind(found, now);
      default -> null;
    };
  }

  /** One that has been called for was taken off its place, to be tried again. */
  private static Explanation scheduled(Found found) {
    return found.job().attemptCount() == 0
        ? new Explanation("schedule", "not due yet", null, found.scheduledAt())
        : new Explanation(
            "retry", "next attempt after " + found.job().reason(), null, found.scheduledAt());
  }

  private static Explanation gated(Found found) {
    return found.behind() == null
        ? new Explanation(
            "belt",
            "belt %d of batch %s is not open: GET /v1/batches/%s says why"
                .formatted(found.job().belt(), found.job().batch(), found.job().batch()),
            null,
            null)
        : new Explanation(
            "object",
            "behind an earlier job, of its object or one that it comes after",
            found.behind(),
            null);
  }

  /** The job is not the first of its lane: the first one's reason is told with it. */
  private static Explanation behind(Found found, Instant now) {
    Lane lane = found.lane();
    String why =
        lane.state().equals("running")
            ? "which is being delivered"
            : "which waits: " + first(lane, now).text;
    return new Explanation(
        "lane",
        "behind job %s of its key, %s".formatted(lane.firstJob(), why),
        lane.firstJob(),
        null);
  }

  /** What the first job of the lane waits for, and so those behind it. */
  static Explanation first(Lane lane, Instant now) {
    if (!lane.configured()) {
      return new Explanation("removed", "the account is not configured any more", null, null);
    }
    if (lane.accountPausedUntil() != null && lane.accountPausedUntil().isAfter(now)) {
      return paused("account", lane.accountPausedReason(), lane.accountPausedUntil());
    }
    if (lane.connectorPausedUntil() != null && lane.connectorPausedUntil().isAfter(now)) {
      return paused("connector", lane.connectorPausedReason(), lane.connectorPausedUntil());
    }
    return switch (lane.state()) {
      case "held" ->
          new Explanation("hold", "its key is held: " + lane.reason(), lane.reasonJob(), null);
      case "waiting" ->
          lane.limited()
              ? new Explanation("limit", "waits for its turn: " + lane.reason(), null, lane.dueAt())
              : new Explanation("retry", "next attempt after " + lane.reason(), null, lane.dueAt());
      case "queued" -> new Explanation("queue", "its run is in the broker", null, null);
      case "running" -> new Explanation("run", "its run is being worked on", null, null);
      default ->
          new Explanation(
              "window",
              lane.reason() == null ? "ready, goes out with the account's window" : lane.reason(),
              null,
              null);
    };
  }

  private static Explanation paused(String what, @Nullable String reason, Instant until) {
    boolean forEver = until.isAfter(Instant.parse("9999-01-01T00:00:00Z"));
    return new Explanation(
        "paused",
        "the %s is paused%s: %s"
            .formatted(what, forEver ? " until an operator resumes it" : "", reason),
        null,
        forEver ? null : until);
  }
}
