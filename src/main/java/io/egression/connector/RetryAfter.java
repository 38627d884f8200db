package io.egression.connector;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code Retry-After} header: seconds or an HTTP date (RFC 9110, 10.2.3), and, as some vendors
 * send them, decimals. What is zero, past, negative or not understood counts as absent.
 */
public final class RetryAfter {
  private static final Pattern SECONDS = Pattern.compile("[0-9]+(\\.[0-9]+)?");
  static final Duration LONGEST = Duration.ofDays(36_500);

  private RetryAfter() {}

  public static Optional<Duration> parse(@Nullable String value, Instant now) {
    if (value == null) {
      return Optional.empty();
    }
    String text = value.strip();
    Optional<Duration> after =
        SECONDS.matcher(text).matches()
            ? Optional.of(seconds(text))
            : date(text, now).map(at -> Duration.between(now, at));
    return after.filter(duration -> !duration.isNegative() && !duration.isZero());
  }

  private static Duration seconds(String text) {
    BigDecimal millis = new BigDecimal(text).movePointRight(3).setScale(0, RoundingMode.CEILING);
    BigDecimal most = BigDecimal.valueOf(LONGEST.toMillis());
    return Duration.ofMillis(millis.min(most).longValueExact());
  }

  /** In one of the three forms of RFC 9110, 5.6.7. The name of the day says nothing new. */
  private static Optional<Instant> date(String text, Instant now) {
    String date = text.replaceFirst("^[A-Za-z]{3,9},? +", "").replaceAll(" +", " ");
    for (DateTimeFormatter form : forms(now)) {
      try {
        return Optional.of(form.parse(date, Instant::from));
      } catch (DateTimeException e) {
        // not in this form
      }
    }
    return Optional.empty();
  }

  private static List<DateTimeFormatter> forms(Instant now) {
    int firstYear = now.atOffset(ZoneOffset.UTC).getYear() - 49; // of those that two digits mean
    return List.of(
            form().appendPattern("d MMM uuuu HH:mm:ss ").appendOffset("+HHMM", "GMT"),
            form()
                .appendPattern("d-MMM-")
                .appendValueReduced(ChronoField.YEAR, 2, 2, firstYear)
                .appendPattern(" HH:mm:ss 'GMT'"),
            form().appendPattern("MMM d HH:mm:ss uuuu"))
        .stream()
        .map(form -> form.toFormatter(Locale.US))
        .map(form -> form.withZone(ZoneOffset.UTC).withResolverStyle(ResolverStyle.STRICT))
        .toList();
  }

  private static DateTimeFormatterBuilder form() {
    return new DateTimeFormatterBuilder().parseCaseInsensitive();
  }
}
