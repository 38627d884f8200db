package io.egression.connector;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the {@code RateLimit} header says of one limit (draft-ietf-httpapi-ratelimit-headers-11, and
 * the form of draft 7).
 *
 * @param isSpent whether nothing is left of it
 * @param until how long that is so; empty: it does not say
 */
record RateLimit(boolean isSpent, Optional<Duration> until) {
  /** No more digits than a structured field allows, and not negative. */
  private static final Pattern COUNT = Pattern.compile("[0-9]{1,15}(\\.[0-9]{1,3})?");

  /** {@code "name";r=0;t=30}, or {@code limit=10, remaining=0, reset=30} as in draft 7. */
  static List<RateLimit> limits(Answer answer) {
    String field = answer.header("RateLimit");
    List<RateLimit> limits = new ArrayList<>();
    Map<String, String> members = new HashMap<>();
    for (StructuredField.Item item : StructuredField.items(field == null ? "" : field)) {
      if (item.key() == null) {
        limit(item.parameters(), "r", "t").ifPresent(limits::add);
      } else {
        members.put(item.key(), item.value());
      }
    }
    limit(members, "remaining", "reset").ifPresent(limits::add);
    return limits;
  }

  private static Optional<RateLimit> limit(Map<String, String> said, String left, String until) {
    Optional<Duration> wait =
        count(said.get(until)).filter(count -> count.signum() > 0).map(RateLimit::seconds);
    return count(said.get(left)).map(count -> new RateLimit(count.signum() == 0, wait));
  }

  private static Optional<BigDecimal> count(@Nullable String text) {
    return Optional.ofNullable(text).filter(COUNT.asMatchPredicate()).map(BigDecimal::new);
  }

  private static Duration seconds(BigDecimal count) {
    return Duration.ofMillis(
        count.movePointRight(3).setScale(0, RoundingMode.CEILING).longValueExact());
  }
}
