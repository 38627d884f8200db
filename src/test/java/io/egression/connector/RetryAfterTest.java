package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    // RFC 9110, 10.2.3: seconds
    "120, PT2M",
    "1, PT1S",
    "007, PT7S",
    "' 3 ', PT3S",
    "86400, PT24H",
    // decimals, as some vendors send them; never earlier than said
    "2.0, PT2S",
    "0.25, PT0.25S",
    "0.0001, PT0.001S",
    "1.9999, PT2S",
    // more than anyone waits
    "999999999999, P36500D",
    "99999999999999999999999999999999, P36500D",
    "99999999999999999999.5, P36500D"
  })
  void seconds_are_read(String header, Duration after) {
    assertThat(RetryAfter.parse(header, NOW)).contains(after);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // RFC 9110, 5.6.7: IMF-fixdate, and the two obsolete forms that a recipient must take
        "Wed, 25 Nov 2026 12:01:30 GMT",
        "Wednesday, 25-Nov-26 12:01:30 GMT",
        "Wed Nov 25 12:01:30 2026",
        // and what servers make of them
        " Wed, 25 Nov 2026 12:01:30 GMT ",
        "wed, 25 nov 2026 12:01:30 gmt",
        "Mon, 25 Nov 2026 12:01:30 GMT",
        "25 Nov 2026 12:01:30 GMT",
        "Wed, 25 Nov 2026 13:01:30 +0100"
      })
  void dates_are_read_in_every_form(String header) {
    assertThat(RetryAfter.parse(header, NOW)).contains(Duration.ofSeconds(90));
  }

  @Test
  void a_day_of_one_digit_is_read_in_every_form() {
    Instant eve = Instant.parse("2026-11-30T23:59:00Z");
    Duration after = Duration.ofMinutes(1);
    assertThat(RetryAfter.parse("Tue, 01 Dec 2026 00:00:00 GMT", eve)).contains(after);
    assertThat(RetryAfter.parse("Tue, 1 Dec 2026 00:00:00 GMT", eve)).contains(after);
    assertThat(RetryAfter.parse("Tuesday, 01-Dec-26 00:00:00 GMT", eve)).contains(after);
    assertThat(RetryAfter.parse("Tue Dec  1 00:00:00 2026", eve)).contains(after);
  }

  @Test
  void a_year_of_two_digits_is_at_most_50_years_ahead() {
    assertThat(RetryAfter.parse("Wednesday, 25-Nov-76 12:00:00 GMT", NOW)).isPresent();
    assertThat(RetryAfter.parse("Friday, 25-Nov-77 12:00:00 GMT", NOW)).isEmpty(); // 1977
    Instant lastCentury = Instant.parse("1999-12-31T23:59:59Z");
    assertThat(RetryAfter.parse("Saturday, 01-Jan-00 00:00:00 GMT", lastCentury))
        .contains(Duration.ofSeconds(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // now or past
        "0",
        "0.0",
        "Wed, 25 Nov 2026 12:00:00 GMT",
        "Wed, 25 Nov 2026 11:59:59 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        // negative
        "-1",
        "-0.5",
        // garbage
        "",
        " ",
        "soon",
        "1e3",
        "1,5",
        "5.",
        ".5",
        "5s",
        "+5",
        "0x10",
        "१२",
        "NaN",
        "120, 120",
        "2026-11-25T12:01:30Z",
        "Wed, 31 Nov 2026 12:01:30 GMT",
        "Wed, 25 Nov 2026 25:01:30 GMT",
        "Wed, 25 November 2026 12:01:30 GMT",
        "Wed, 25 Nov 2026 12:01:30 PST",
        "Wed, 25 Nov 2026"
      })
  void what_is_past_negative_or_garbage_counts_as_absent(String header) {
    assertThat(RetryAfter.parse(header, NOW)).isEmpty();
  }

  @Test
  void an_absent_header_is_absent() {
    assertThat(RetryAfter.parse(null, NOW)).isEmpty();
  }

  @Test
  void dates_are_read_on_every_machine() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertThat(RetryAfter.parse("Fri, 25 Dec 2026 00:00:00 GMT", NOW)).isPresent();
    } finally {
      Locale.setDefault(before);
    }
  }
}
