package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.connector.DeliveryHours.Interval;
import io.egression.connector.DeliveryHours.Span;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryHoursTest {
  private static final Set<DayOfWeek> ALL = EnumSet.allOf(DayOfWeek.class);

  /** The clocks of Berlin skip 02:00 to 03:00 on 2026-03-29, and show it twice on 2026-10-25. */
  @ParameterizedTest
  @CsvSource({
    // usual days
    "01:00-05:00, 2026-07-01T12:00:00Z, 2026-07-01T23:00:00Z, 2026-07-02T03:00:00Z",
    "01:00-05:00, 2026-07-01T23:00:00Z, 2026-07-01T23:00:00Z, 2026-07-02T03:00:00Z",
    "01:00-05:00, 2026-07-02T02:59:59Z, 2026-07-02T02:59:59Z, 2026-07-02T03:00:00Z",
    "01:00-05:00, 2026-07-02T03:00:00Z, 2026-07-02T23:00:00Z, 2026-07-03T03:00:00Z",
    // past midnight, and spans that touch
    "22:00-04:00, 2026-07-01T12:00:00Z, 2026-07-01T20:00:00Z, 2026-07-02T02:00:00Z",
    "22:00-04:00, 2026-07-01T23:30:00Z, 2026-07-01T23:30:00Z, 2026-07-02T02:00:00Z",
    "22:00-00:00 00:00-01:00, 2026-07-01T12:00:00Z, 2026-07-01T20:00:00Z, 2026-07-01T23:00:00Z",
    // an hour is skipped: three hours long, or half an hour less
    "01:00-05:00, 2026-03-28T12:00:00Z, 2026-03-29T00:00:00Z, 2026-03-29T03:00:00Z",
    "02:30-04:00, 2026-03-28T12:00:00Z, 2026-03-29T01:00:00Z, 2026-03-29T02:00:00Z",
    "01:00-02:30, 2026-03-28T12:00:00Z, 2026-03-29T00:00:00Z, 2026-03-29T01:00:00Z",
    "02:10-02:50, 2026-03-28T12:00:00Z, 2026-03-30T00:10:00Z, 2026-03-30T00:50:00Z",
    // an hour is shown twice: five hours long, or open twice
    "01:00-05:00, 2026-10-24T12:00:00Z, 2026-10-24T23:00:00Z, 2026-10-25T04:00:00Z",
    "01:00-02:30, 2026-10-24T12:00:00Z, 2026-10-24T23:00:00Z, 2026-10-25T00:30:00Z",
    "01:00-02:30, 2026-10-25T00:30:00Z, 2026-10-25T01:00:00Z, 2026-10-25T01:30:00Z",
    "02:30-03:00, 2026-10-25T00:00:00Z, 2026-10-25T00:30:00Z, 2026-10-25T01:00:00Z",
    "02:30-03:00, 2026-10-25T01:00:00Z, 2026-10-25T01:30:00Z, 2026-10-25T02:00:00Z",
  })
  void the_interval_of_a_moment_is_this_or_the_next(
      String between, Instant moment, Instant from, Instant to) {
    DeliveryHours hours = hours(between, ALL);
    assertThat(hours.at(moment)).isEqualTo(new Interval(from, to));
    assertThat(hours.isOpen(from)).isTrue();
    assertThat(hours.isOpen(to.minusSeconds(1))).isTrue();
    assertThat(hours.isOpen(to)).isFalse();
  }

  @Test
  void a_span_past_midnight_belongs_to_the_day_on_which_it_begins() {
    DeliveryHours hours = hours("22:00-04:00", EnumSet.of(DayOfWeek.FRIDAY));
    assertThat(hours.at(Instant.parse("2026-07-01T12:00:00Z")))
        .isEqualTo(
            new Interval(
                Instant.parse("2026-07-03T20:00:00Z"), Instant.parse("2026-07-04T02:00:00Z")));
    assertThat(hours.isOpen(Instant.parse("2026-07-03T00:00:00Z"))).isFalse();
  }

  @Test
  void what_never_opens_or_closes_is_said_to() {
    Instant moment = Instant.parse("2026-07-01T12:00:00Z");
    assertThatThrownBy(() -> hours("00:00-12:00 12:00-00:00", ALL).at(moment))
        .hasMessage("it is never closed: leave it out");
  }

  @Test
  void it_reads_well() {
    assertThat(hours("01:00-05:00", ALL)).hasToString("01:00-05:00 Europe/Berlin");
    assertThat(hours("01:00-05:00 22:00-23:00", EnumSet.of(DayOfWeek.SUNDAY, DayOfWeek.MONDAY)))
        .hasToString("01:00-05:00, 22:00-23:00 on monday, sunday Europe/Berlin");
  }

  private static DeliveryHours hours(String between, Set<DayOfWeek> days) {
    List<Span> spans =
        Arrays.stream(between.split(" "))
            .map(span -> span.split("-"))
            .map(times -> new Span(LocalTime.parse(times[0]), LocalTime.parse(times[1])))
            .toList();
    return new DeliveryHours(ZoneId.of("Europe/Berlin"), spans, days);
  }
}
