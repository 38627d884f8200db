package io.egression.connector;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.job.Outcome;
import io.egression.job.Outcome.PauseScope;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an answer means: the policy's rules, first match wins, then the defaults. 2xx is
 * delivered; 429 throttled; 408, 425, 5xx and faults are tried again; 401 and 403 pause the
 * account; anything else, 3xx too, is rejected. Thread safe.
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
   * What a job has been through before this call.
   *
   * @param failures failed calls
   * @param failingSince when the first of them was made
   * @param throttles calls that the connector refused for their number
   */
  public record Past(int failures, @Nullable Instant failingSince, int throttles) {
    public static final Past NONE = new Past(0, null, 0);
  }

  /** Decides what this answer means for a job with this past, the only one of its call. */
  public Outcome classify(Policy policy, Answer answer, Past past) {
    return classify(policy, answer, past, answer.sent());
  }

  /**
   * Decides what this answer means for one of the jobs of its call. A rule that names the objects
   * that failed concerns these alone: the others are delivered, unless another such rule names
   * them.
   *
   * @param own the ids of the job's objects that were sent
   */
  public Outcome classify(Policy policy, Answer answer, Past past, List<String> own) {
    JsonNode json = policy.rules().stream().anyMatch(Classifier::looksAtBody) ? json(answer) : null;
    OutcomeRule deciding = null;
    Set<String> failed = new LinkedHashSet<>();
    boolean spared = false;
    for (OutcomeRule rule : policy.rules()) {
      if (!rule.matches(answer, json)) {
        continue;
      }
      List<String> named = named(rule, answer, json);
      if (named == null && deciding == null && !spared) {
        return outcome(rule, policy, answer, past, null);
      }
      if (named != null && named.stream().noneMatch(own::contains)) {
        spared = true;
      } else if (named != null) {
        deciding = deciding == null ? rule : deciding;
        named.stream().filter(own::contains).forEach(failed::add);
      }
    }
    if (deciding != null) {
      return outcome(deciding, policy, answer, past, List.copyOf(failed));
    }
    return spared ? new Outcome.Delivered(reason(answer)) : byDefault(policy, answer, past);
  }

  /** Those of the objects sent that failed; null: the rule does not say, or they are not known. */
  private static @Nullable List<String> named(
      OutcomeRule rule, Answer answer, @Nullable JsonNode json) {
    if (rule.failed() == null || json == null) {
      return null;
    }
    Optional<List<String>> named = rule.failed().in(json);
    return named.isPresent() && named.get().isEmpty()
        ? List.of()
        : named.flatMap(ids -> sent(ids, answer)).orElse(null);
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
      OutcomeRule rule, Policy policy, Answer answer, Past past, @Nullable List<String> failed) {
    String reason = reason(answer) + (failed == null ? "" : ", failed: " + some(failed));
    boolean throttled = rule.kind() == OutcomeRule.Kind.THROTTLED;
    Optional<Duration> said =
        Optional.ofNullable(rule.duration()).or(() -> said(policy, answer, throttled));
    Backoff backoff = rule.retry() == null ? policy.retry() : rule.retry();
    return switch (rule.kind()) {
      case DELIVERED -> new Outcome.Delivered(reason);
      case RETRY -> retry(backoff, said, past, reason, failed);
      case THROTTLED -> throttled(backoff, said, past, reason, rule.scope());
      case REJECTED -> new Outcome.Rejected(reason, failed);
      case PAUSE -> new Outcome.Pause(rule.scope(), said.orElse(null), reason);
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

  private Outcome byDefault(Policy policy, Answer answer, Past past) {
    String reason = reason(answer);
    int status = answer.status() == null ? 200 : answer.status();
    if (answer.fault() != null || status >= 500 || status == 408 || status == 425) {
      return retry(policy.retry(), said(policy, answer, false), past, reason, null);
    }
    if (status == 429) {
      Optional<Duration> said = said(policy, answer, true);
      return throttled(policy.retry(), said, past, reason, PauseScope.ACCOUNT);
    }
    if (status == 401 || status == 403) {
      return new Outcome.Pause(PauseScope.ACCOUNT, null, reason + ": are its credentials right?");
    }
    return status >= 200 && status < 300
        ? new Outcome.Delivered(reason)
        : new Outcome.Rejected(reason, null);
  }

  private Outcome retry(
      Backoff backoff,
      Optional<Duration> said,
      Past past,
      String reason,
      @Nullable List<String> failed) {
    int failures = past.failures + 1;
    return new Outcome.Retry(
        said.orElseGet(() -> backoff.delay(failures, random)),
        reason,
        failed,
        backoff.isExhausted(failures, past.failingSince, clock.instant()));
  }

  private Outcome throttled(
      Backoff backoff, Optional<Duration> said, Past past, String reason, PauseScope scope) {
    Duration after = said.orElseGet(() -> backoff.delay(past.throttles + 1, random));
    return new Outcome.Throttled(after, reason, scope);
  }

  /** When the connector wants to be called again, if it said so. */
  private Optional<Duration> said(Policy policy, Answer answer, boolean throttled) {
    Instant now = clock.instant();
    VendorHeaders headers = policy.headers();
    return capped(
        policy, throttled ? headers.untilReset(answer, now) : headers.retryAfter(answer, now));
  }

  /** How long no call should follow, because this answer says that none is left. */
  public Optional<Duration> spent(Policy policy, Answer answer) {
    return capped(policy, policy.headers().whenSpent(answer, clock.instant()));
  }

  private static Optional<Duration> capped(Policy policy, Optional<Duration> wait) {
    Duration most = policy.retryAfterMost();
    return wait.map(after -> after.compareTo(most) > 0 ? most : after);
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
