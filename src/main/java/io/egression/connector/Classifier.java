package io.egression.connector;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.job.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an answer means: the policy's rules, first match wins, then the defaults. 2xx is
 * delivered; 429 throttled; 408, 425, 5xx and faults are tried again; anything else, 3xx too, is
 * rejected. Thread safe.
 */
public final class Classifier {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_NAMED = 5;

  private final Clock clock;
  private final RandomGenerator random;

  public Classifier(Clock clock, RandomGenerator random) {
    this.clock = clock;
    this.random = random;
  }

  /**
   * @param failures failed calls of the job before this one
   */
  public Outcome classify(Policy policy, Answer answer, int failures) {
    JsonNode json = policy.rules().stream().anyMatch(Classifier::looksAtBody) ? json(answer) : null;
    for (OutcomeRule rule : policy.rules()) {
      if (rule.matches(answer, json)) {
        return outcome(rule, policy, answer, json, failures);
      }
    }
    return byDefault(policy, answer, failures);
  }

  private static boolean looksAtBody(OutcomeRule rule) {
    return rule.body() != null || rule.failed() != null;
  }

  private static @Nullable JsonNode json(Answer answer) {
    try {
      return answer.body().isBlank() ? null : JSON.readTree(answer.body());
    } catch (JsonProcessingException e) {
      return null; // not JSON: no rule about the body matches
    }
  }

  private Outcome outcome(
      OutcomeRule rule, Policy policy, Answer answer, @Nullable JsonNode json, int failures) {
    String reason = reason(answer);
    Backoff backoff = rule.retry() == null ? policy.retry() : rule.retry();
    List<String> failed = null;
    if (rule.failed() != null && json != null) {
      Optional<List<String>> named = rule.failed().in(json);
      if (named.isPresent() && named.get().isEmpty()) {
        return new Outcome.Delivered(reason);
      }
      failed = named.flatMap(ids -> sent(ids, answer)).orElse(null);
      reason = reason + (failed == null ? "" : ", failed: " + some(failed));
    }
    Duration after =
        rule.duration() != null ? rule.duration() : delay(policy, backoff, answer, failures);
    return switch (rule.kind()) {
      case DELIVERED -> new Outcome.Delivered(reason);
      case RETRY -> new Outcome.Retry(after, reason, failed);
      case THROTTLED -> new Outcome.Throttled(after, reason);
      case REJECTED -> new Outcome.Rejected(reason, failed);
      case PAUSE ->
          new Outcome.Pause(
              rule.scope(),
              rule.duration() != null ? rule.duration() : said(policy, answer).orElse(null),
              reason);
    };
  }

  /** Those of the ids that were sent; empty if none was: which failed is not known then. */
  private static Optional<List<String>> sent(List<String> ids, Answer answer) {
    List<String> sent = ids.stream().filter(answer.sent()::contains).distinct().toList();
    return sent.isEmpty() ? Optional.empty() : Optional.of(sent);
  }

  private static String some(List<String> ids) {
    String words = String.join(", ", ids.subList(0, Math.min(ids.size(), MOST_NAMED)));
    return ids.size() > MOST_NAMED ? words + " and " + (ids.size() - MOST_NAMED) + " more" : words;
  }

  private Outcome byDefault(Policy policy, Answer answer, int failures) {
    String reason = reason(answer);
    Duration after = delay(policy, policy.retry(), answer, failures);
    if (answer.fault() != null) {
      return new Outcome.Retry(after, reason, null);
    }
    int status = answer.status() == null ? 200 : answer.status();
    if (status >= 200 && status < 300) {
      return new Outcome.Delivered(reason);
    }
    if (status == 429) {
      return new Outcome.Throttled(after, reason);
    }
    return status >= 500 || status == 408 || status == 425
        ? new Outcome.Retry(after, reason, null)
        : new Outcome.Rejected(reason, null);
  }

  private Duration delay(Policy policy, Backoff backoff, Answer answer, int failures) {
    return said(policy, answer).orElseGet(() -> backoff.delay(failures + 1, random));
  }

  private Optional<Duration> said(Policy policy, Answer answer) {
    return RetryAfter.parse(answer.header("Retry-After"), clock.instant())
        .map(
            after ->
                after.compareTo(policy.retryAfterMost()) > 0 ? policy.retryAfterMost() : after);
  }

  private static String reason(Answer answer) {
    if (answer.fault() != null) {
      FaultKind kind = FaultKind.of(answer.fault());
      String words = kind == FaultKind.OTHER ? root(answer.fault()) : kind.word();
      return "no answer: " + words;
    }
    return answer.status() == null ? "taken" : "status " + answer.status();
  }

  private static String root(Throwable fault) {
    List<Throwable> causes = FaultKind.causes(fault);
    return causes.get(causes.size() - 1).getClass().getSimpleName();
  }
}
