package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.ledger.JobQueries;
import io.egression.ledger.JobQueries.Found;
import io.egression.ledger.ObjectQueries;
import io.egression.ledger.ObjectQueries.Delivered;
import io.egression.ledger.ObjectQueries.Trace;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** "Why is it missing?": the last word on an object, for each channel. Thread safe. */
public final class ObjectApi {
  /**
   * The last word on an object for one channel.
   *
   * @param state of its latest job, or {@code none}
   * @param text a sentence
   * @param at when the latest job was finished, or else accepted
   * @param delivered what the channel was sent last; absent: nothing
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record LastWord(
      String subscription,
      String channel,
      String connector,
      String state,
      String text,
      @Nullable UUID job,
      @Nullable Instant at,
      @Nullable Delivered delivered,
      @Nullable Explanation waitsFor,
      NextStep next) {}

  /** An object, and its last word for each channel; those that know it first. */
  public record ObjectView(String objectType, String objectId, List<LastWord> channels) {}

  /** A job may be behind one that is behind another. */
  private static final int HOPS = 4;

  private final ObjectQueries objects;
  private final JobQueries jobs;
  private final Clock clock;

  public ObjectApi(ObjectQueries objects, JobQueries jobs, Clock clock) {
    this.objects = objects;
    this.jobs = jobs;
    this.clock = clock;
  }

  /** For the channels of the caller's subscriptions; the object may be unknown. */
  public ObjectView find(String type, String id, Caller caller) {
    List<Trace> traces = objects.traces(type, id, caller.subscriptions());
    Map<UUID, Found> found = new HashMap<>();
    load(found, traces.stream().map(Trace::last).toList());
    for (int hop = 0; hop < HOPS; hop++) {
      load(found, found.values().stream().map(Found::behind).toList());
    }
    Instant now = clock.instant();
    return new ObjectView(
        type, id, traces.stream().map(trace -> lastWord(trace, found, now)).toList());
  }

  private void load(Map<UUID, Found> found, List<@Nullable UUID> wanted) {
    List<UUID> missing =
        wanted.stream()
            .filter(Objects::nonNull)
            .filter(id -> !found.containsKey(id))
            .distinct()
            .toList();
    if (!missing.isEmpty()) {
      jobs.findAll(missing).forEach(job -> found.put(job.job().id(), job));
    }
  }

  private static LastWord lastWord(Trace trace, Map<UUID, Found> found, Instant now) {
    Found last = trace.last() == null ? null : found.get(trace.last());
    if (last == null) {
      return new LastWord(
          trace.subscription(),
          trace.channel(),
          trace.connector(),
          "none",
          "No job for it was handed over for this channel.",
          null,
          null,
          null,
          null,
          NextStep.SUBMIT);
    }
    Explanation waitsFor = Explanation.of(last, now);
    Instant finished = last.job().finishedAt();
    return new LastWord(
        trace.subscription(),
        trace.channel(),
        trace.connector(),
        last.job().state(),
        sentence(last, found, now),
        last.job().id(),
        finished == null ? last.job().acceptedAt() : finished,
        trace.delivered(),
        waitsFor,
        NextStep.of(root(last, found), now));
  }

  /** The job that the others wait for. */
  private static Found root(Found job, Map<UUID, Found> found) {
    Found root = job;
    for (int hop = 0; hop < HOPS && root.behind() != null; hop++) {
      Found before = found.get(root.behind());
      if (before == null) {
        break;
      }
      root = before;
    }
    return root;
  }

  private static String sentence(Found last, Map<UUID, Found> found, Instant now) {
    String action = last.job().action();
    String reason = last.job().reason();
    String because = reason == null || reason.isEmpty() ? "" : ": " + reason;
    Instant at = last.job().finishedAt();
    return switch (last.job().state()) {
      case "delivered" -> "The %s was delivered at %s%s.".formatted(action, at, because);
      case "dead" -> "The %s was given up at %s%s.".formatted(action, at, because);
      case "filtered" -> "The %s was kept out at %s%s.".formatted(action, at, because);
      case "cancelled" -> "The %s was cancelled at %s%s.".formatted(action, at, because);
      case "superseded" -> "The %s was not needed any more at %s%s.".formatted(action, at, because);
      default -> open(last, found, now);
    };
  }

  private static String open(Found last, Map<UUID, Found> found, Instant now) {
    String sentence =
        "The %s, accepted at %s, is %s: %s"
            .formatted(
                last.job().action(), last.job().acceptedAt(), last.job().state(), why(last, now));
    Found root = root(last, found);
    return (root == last
            ? sentence
            : "%s, job %s, which is %s: %s"
                .formatted(sentence, root.job().id(), root.job().state(), why(root, now)))
        + ".";
  }

  private static String why(Found job, Instant now) {
    Explanation explanation = Explanation.of(job, now);
    if (explanation == null) {
      return String.valueOf(job.job().reason());
    }
    return explanation.until() == null
        ? explanation.text()
        : explanation.text() + ", until " + explanation.until();
  }
}
