package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.ledger.JobQueries.Found;
import io.egression.ledger.JobQueries.Lane;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a person can do about a job.
 *
 * @param kind none, wait, replay, resume, configure or submit
 * @param text a sentence
 * @param request the method and path that do it; absent: none does
 * @param role the role that it takes
 * @param until when it goes on by itself
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record NextStep(
    String kind,
    String text,
    @Nullable String request,
    @Nullable String role,
    @Nullable Instant until) {

  static final NextStep SUBMIT =
      new NextStep(
          "submit",
          "Hand over a job for it.",
          "POST /v1/jobs",
          "producer, operator or admin",
          null);

  static NextStep of(Found found, Instant now) {
    UUID id = found.job().id();
    return switch (found.job().state()) {
      case "delivered" ->
          none("Nothing: the channel has answered. If it does not show it, look there.");
      case "dead" ->
          operator(
              "replay",
              "Put right what the reason says, then replay the job, or discard it.",
              "/v1/jobs/" + id + "/replay");
      case "superseded" -> none("Nothing: a later job of the object takes its place.");
      case "filtered" ->
          new NextStep(
              "configure",
              "The account's filter keeps it out: change the filter or the object, then hand over"
                  + " a job again.",
              null,
              null,
              null);
      case "cancelled" -> SUBMIT;
      case "scheduled" -> wait(found.scheduledAt());
      case "gated" -> none("Nothing: it goes on when the job before it is final.");
      case "delivering" -> none("Nothing: its call is being made.");
      default -> waiting(found.job().subscription(), found.job().channel(), found.lane(), now);
    };
  }

  private static NextStep waiting(String subscription, String channel, Lane lane, Instant now) {
    Explanation first = Explanation.first(lane, now);
    return switch (first.kind()) {
      case "removed" ->
          new NextStep(
              "configure",
              "Put channel '%s' back into connectors/subscriptions/%s.yaml."
                  .formatted(channel, subscription),
              null,
              null,
              null);
      case "paused" ->
          first.until() != null ? wait(first.until()) : resume(subscription, channel, lane, now);
      case "hold" ->
          operator(
              "replay",
              "Replay or discard the dead job %s, which holds its key.".formatted(first.job()),
              "/v1/jobs/" + first.job() + "/replay");
      case "limit", "retry" -> wait(first.until());
      default -> none("Nothing: it is on its way.");
    };
  }

  private static NextStep resume(String subscription, String channel, Lane lane, Instant now) {
    boolean account = lane.accountPausedUntil() != null && lane.accountPausedUntil().isAfter(now);
    if (!account && lane.queuePaused()) {
      return none("Resume the queue in the broker's console.");
    }
    return operator(
        "resume",
        "Put right what the reason says (credentials, for example), then resume the %s."
            .formatted(account ? "account" : "connector"),
        account
            ? "/v1/accounts/" + subscription + "/" + channel + "/resume"
            : "/v1/connectors/" + lane.connector() + "/resume");
  }

  private static NextStep operator(String kind, String text, String path) {
    return new NextStep(kind, text, "POST " + path, "operator or admin", null);
  }

  private static NextStep none(String text) {
    return new NextStep("none", text, null, null, null);
  }

  private static NextStep wait(@Nullable Instant until) {
    return new NextStep(
        "wait", until == null ? "Wait." : "Wait until " + until + ".", null, null, until);
  }
}
