package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.job.Outcome.PauseScope;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One rule of a policy: what an answer that matches every condition given means.
 *
 * @param statuses statuses (429) and classes (5xx); empty: any
 * @param faults empty: an answer, not a fault, unless no other condition is given
 * @param body over the JSON answer
 * @param failed yields the object ids that failed, of those sent
 * @param duration how long to wait or pause
 * @param retry instead of the policy's
 */
record OutcomeRule(
    Set<String> statuses,
    @Nullable String header,
    @Nullable Pattern headerValue,
    Set<String> faults,
    @Nullable Predicate<JsonNode> body,
    Kind kind,
    @Nullable FailedIds failed,
    PauseScope scope,
    @Nullable Duration duration,
    @Nullable Backoff retry) {
  enum Kind {
    DELIVERED,
    RETRY,
    THROTTLED,
    REJECTED,
    PAUSE
  }

  /** Finds the object ids that failed in a JSON answer; empty: the answer does not say. */
  interface FailedIds {
    Optional<List<String>> in(JsonNode answer);
  }

  boolean matches(Answer answer, @Nullable JsonNode json) {
    return matchesFault(answer)
        && matchesStatus(answer.status())
        && matchesHeader(answer)
        && (body == null || (json != null && body.test(json)));
  }

  private boolean matchesFault(Answer answer) {
    if (answer.fault() == null) {
      return faults.isEmpty();
    }
    if (faults.isEmpty()) {
      return statuses.isEmpty() && header == null && body == null;
    }
    return faults.contains("any") || faults.contains(FaultKind.of(answer.fault()).word());
  }

  private boolean matchesStatus(@Nullable Integer status) {
    return statuses.isEmpty()
        || (status != null
            && (statuses.contains(String.valueOf(status))
                || statuses.contains(status / 100 + "xx")));
  }

  private boolean matchesHeader(Answer answer) {
    if (header == null) {
      return true;
    }
    String value = answer.header(header);
    return value != null && (headerValue == null || headerValue.matcher(value).matches());
  }
}
