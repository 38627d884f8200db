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
    List<String> failed = rule.failed() == null || json == null ? null : rule.failed().in(json);
    if (failed != null) {
      failed = failed.stream().filter(answer.sent()::contains).distinct().toList();
      if (failed.isEmpty()) {
        return new Outcome.Delivered(reason);
      }
      reason = reason + ", failed: " + String.join(", ", failed);
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
    Throwable cause = fault;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    return cause.getClass().getSimpleName();
  }
}
