package io.egression.connector;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a connector's headers say about when it may be called again: {@code Retry-After} (RFC 9110),
 * {@code RateLimit} (draft-ietf-httpapi-ratelimit-headers-11, and the forms of drafts 7 and 6), the
 * {@code X-RateLimit-*} and {@code X-Rate-Limit-*} that came before them, and two headers that a
 * policy may name. What is zero, past, negative or not understood counts as absent. {@code
 * RateLimit-Policy} says no time and is not read.
 *
 * @param remaining a header with the calls left; null: the usual ones
 * @param reset a header that says when there are calls again; null: the usual ones
 */
public record VendorHeaders(@Nullable String remaining, @Nullable String reset, Form form) {
  /** How a header writes a time. */
  public enum Form {
    /** Seconds from now if small, seconds or milliseconds since 1970 if large, or a date. */
    AUTO,
    SECONDS,
    MILLIS,
    EPOCH_SECONDS,
    EPOCH_MILLIS,
    DATE
  }

  public static final VendorHeaders STANDARD = new VendorHeaders(null, null, Form.AUTO);

  private static final List<String> RETRY_AFTER = List.of("Retry-After", "RateLimit-Retry-After");
  private static final List<String> RESETS =
      List.of("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset");
  private static final String RESET_MILLIS = "X-Rate-Limit-Time-Reset-Ms";
  private static final List<String> REMAINING =
      List.of(
          "X-RateLimit-Remaining",
          "RateLimit-Remaining",
          "X-Rate-Limit-Remaining",
          "X-Rate-Limit-Requests-Left");

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]++(\\.[0-9]++)?+");

  private static final BigDecimal EPOCH_SECONDS = new BigDecimal("100000000");
  private static final BigDecimal EPOCH_MILLIS = new BigDecimal("100000000000");
  private static final BigDecimal MOST = BigDecimal.valueOf(RetryAfter.LONGEST.toMillis());

  /** How long to wait after an answer that was no success, if {@code Retry-After} says it. */
  Optional<Duration> retryAfter(Answer answer, Instant now) {
    return first(RETRY_AFTER, answer, RetryAfter::parse, now);
  }

  /** How long to wait after a refusal for the number of calls, if any header says it. */
  Optional<Duration> untilReset(Answer answer, Instant now) {
    List<RateLimit> limits = RateLimit.limits(answer);
    return untilMore(answer, limits, now)
        // Nothing is spent: which limit refused isn't known, and one call finds it out.
        .or(() -> waits(limits.stream()).min(Comparator.naturalOrder()))
        .or(() -> reset(answer, now));
  }

  /** How long to wait because the answer, whatever it was, says that no call is left. */
  Optional<Duration> whenSpent(Answer answer, Instant now) {
    List<RateLimit> limits = RateLimit.limits(answer);
    List<String> counts = remaining == null ? REMAINING : List.of(remaining);
    boolean spent =
        limits.stream().anyMatch(RateLimit::isSpent)
            || counts.stream().map(answer::header).anyMatch(VendorHeaders::isZero);
    return spent ? untilMore(answer, limits, now).or(() -> reset(answer, now)) : Optional.empty();
  }

  private static boolean isZero(@Nullable String count) {
    return count != null && count.strip().matches("0+(\\.0+)?");
  }

  private Optional<Duration> untilMore(Answer answer, List<RateLimit> limits, Instant now) {
    Optional<Duration> named =
        reset == null ? Optional.empty() : time(answer.header(reset), form, now);
    return named
        .or(() -> retryAfter(answer, now))
        .or(() -> waits(limits.stream().filter(RateLimit::isSpent)).max(Comparator.naturalOrder()));
  }

  private static Stream<Duration> waits(Stream<RateLimit> limits) {
    return limits.map(RateLimit::until).flatMap(Optional::stream);
  }

  private static Optional<Duration> reset(Answer answer, Instant now) {
    return first(RESETS, answer, (value, at) -> time(value, Form.AUTO, at), now)
        .or(() -> time(answer.header(RESET_MILLIS), Form.MILLIS, now));
  }

  private static Optional<Duration> first(
      List<String> names,
      Answer answer,
      BiFunction<@Nullable String, Instant, Optional<Duration>> parse,
      Instant now) {
    return names.stream()
        .map(name -> parse.apply(answer.header(name), now))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<Duration> time(@Nullable String value, Form form, Instant now) {
    String text = value == null ? "" : value.strip();
    if (!NUMBER.matcher(text).matches()) {
      return form == Form.DATE || form == Form.AUTO ? date(text, now) : Optional.empty();
    }
    BigDecimal number = new BigDecimal(text);
    return switch (form) {
      case DATE -> Optional.empty();
      case SECONDS -> seconds(number);
      case MILLIS -> millis(number);
      case EPOCH_SECONDS -> millis(number.movePointRight(3).subtract(millis(now)));
      case EPOCH_MILLIS -> millis(number.subtract(millis(now)));
      case AUTO -> time(text, likely(number), now);
    };
  }

  private static Form likely(BigDecimal number) {
    if (number.compareTo(EPOCH_MILLIS) >= 0) {
      return Form.EPOCH_MILLIS;
    }
    return number.compareTo(EPOCH_SECONDS) >= 0 ? Form.EPOCH_SECONDS : Form.SECONDS;
  }

  /** An HTTP date, or one by ISO 8601. */
  private static Optional<Duration> date(String text, Instant now) {
    try {
      return Optional.of(Duration.between(now, Instant.parse(text)))
          .filter(wait -> !wait.isNegative() && !wait.isZero());
    } catch (DateTimeException e) {
      return RetryAfter.parse(text, now);
    }
  }

  private static BigDecimal millis(Instant instant) {
    return BigDecimal.valueOf(instant.toEpochMilli());
  }

  private static Optional<Duration> seconds(BigDecimal number) {
    return millis(number.movePointRight(3));
  }

  private static Optional<Duration> millis(BigDecimal number) {
    BigDecimal whole = number.min(MOST).setScale(0, RoundingMode.CEILING);
    return Optional.of(Duration.ofMillis(whole.longValue())).filter(wait -> number.signum() > 0);
  }
}
