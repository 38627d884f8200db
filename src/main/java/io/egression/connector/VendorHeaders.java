package io.egression.connector;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a connector's headers say about when it may be called again: {@code Retry-After} (RFC 9110),
 * {@code RateLimit} (draft-ietf-httpapi-ratelimit-headers-11, and the forms of drafts 7 and 6), the
 * {@code X-RateLimit-*} and {@code X-Rate-Limit-*} that came before them, and two headers that a
 * policy may name. What is zero, past, negative or not understood counts as absent.
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

  /** An item of the field: its parameters after the name. */
  private static final Pattern ITEM = Pattern.compile("[^,;]+((?:;[^,;]*)*)");

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}(\\.[0-9]{1,9})?");
  private static final BigDecimal EPOCH_SECONDS = new BigDecimal("100000000");
  private static final BigDecimal EPOCH_MILLIS = new BigDecimal("100000000000");

  /** How long to wait after an answer that was no success, if {@code Retry-After} says it. */
  Optional<Duration> retryAfter(Answer answer, Instant now) {
    return first(RETRY_AFTER, answer, RetryAfter::parse, now);
  }

  /** How long to wait after a refusal for the number of calls, if any header says it. */
  Optional<Duration> untilReset(Answer answer, Instant now) {
    return named(answer, now)
        .or(() -> retryAfter(answer, now))
        .or(() -> rateLimit(answer, true))
        .or(() -> rateLimit(answer, false))
        .or(() -> reset(answer, now));
  }

  /** How long to wait because the answer, whatever it was, says that no call is left. */
  Optional<Duration> whenSpent(Answer answer, Instant now) {
    Optional<Duration> spent = rateLimit(answer, true);
    if (spent.isPresent()) {
      return spent;
    }
    boolean none =
        (remaining == null ? REMAINING : List.of(remaining))
            .stream()
                .map(answer::header)
                .anyMatch(value -> value != null && value.strip().matches("0+(\\.0+)?"));
    return none ? named(answer, now).or(() -> reset(answer, now)) : Optional.empty();
  }

  private Optional<Duration> named(Answer answer, Instant now) {
    return reset == null ? Optional.empty() : time(answer.header(reset), form, now);
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

  /**
   * {@code "name";r=0;t=30}, or {@code limit=10, remaining=0, reset=30} as in draft 7: the longest
   * wait that a limit named there asks for.
   *
   * @param spent only of limits of which nothing is left
   */
  private static Optional<Duration> rateLimit(Answer answer, boolean spent) {
    String value = answer.header("RateLimit");
    if (value == null) {
      return Optional.empty();
    }
    List<String> limits = new ArrayList<>();
    if (value.contains(";")) {
      Matcher items = ITEM.matcher(value);
      while (items.find()) {
        limits.add(items.group(1));
      }
    } else {
      limits.add(value.replace(',', ';').replace("remaining", "r").replace("reset", "t"));
    }
    return limits.stream()
        .filter(limit -> !spent || number(limit, "r").filter(r -> r.signum() <= 0).isPresent())
        .map(limit -> number(limit, "t").flatMap(VendorHeaders::seconds))
        .flatMap(Optional::stream)
        .max(Comparator.naturalOrder());
  }

  private static Optional<BigDecimal> number(String parameters, String key) {
    Matcher found =
        Pattern.compile("(?:^|;)\\s*" + key + "\\s*=\\s*(" + NUMBER + ")\\s*(?:;|$)")
            .matcher(parameters);
    return found.find() ? Optional.of(new BigDecimal(found.group(1))) : Optional.empty();
  }

  private static Optional<Duration> time(@Nullable String value, Form form, Instant now) {
    if (value == null) {
      return Optional.empty();
    }
    String text = value.strip();
    if (form == Form.DATE || !NUMBER.matcher(text).matches()) {
      return form == Form.DATE || form == Form.AUTO ? date(text, now) : Optional.empty();
    }
    BigDecimal number = new BigDecimal(text);
    return switch (form) {
      case MILLIS -> millis(number);
      case EPOCH_SECONDS -> millis(number.movePointRight(3).subtract(millis(now)));
      case EPOCH_MILLIS -> millis(number.subtract(millis(now)));
      case AUTO -> {
        if (number.compareTo(EPOCH_MILLIS) >= 0) {
          yield time(value, Form.EPOCH_MILLIS, now);
        }
        yield number.compareTo(EPOCH_SECONDS) >= 0
            ? time(value, Form.EPOCH_SECONDS, now)
            : seconds(number);
      }
      default -> seconds(number);
    };
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
    return number.signum() <= 0 || number.compareTo(BigDecimal.valueOf(Long.MAX_VALUE / 2)) > 0
        ? Optional.empty()
        : Optional.of(
            Duration.ofMillis(number.setScale(0, java.math.RoundingMode.CEILING).longValue()));
  }
}
