package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleDefinitionTest {
  /** The clocks of Amsterdam skip 02:00 to 03:00 on 2025-03-30, and show it twice on 2025-10-26. */
  @ParameterizedTest
  @CsvSource({
    "30 2 * * *, 2025-03-28T12:00:00Z, 2025-03-29T01:30:00Z",
    "30 2 * * *, 2025-03-29T12:00:00Z, 2025-03-30T01:00:00Z",
    "30 2 * * *, 2025-03-30T01:00:00Z, 2025-03-31T00:30:00Z",
    "30 2 * * *, 2025-10-25T12:00:00Z, 2025-10-26T00:30:00Z",
    "30 2 * * *, 2025-10-26T00:30:00Z, 2025-10-27T01:30:00Z",
    "30 2 * * *, 2025-10-26T01:15:00Z, 2025-10-27T01:30:00Z",
    "0 23 L * *, 2025-01-15T00:00:00Z, 2025-01-31T22:00:00Z",
    "0 23 L * *, 2025-01-31T22:00:00Z, 2025-02-28T22:00:00Z",
    "*/15 * * * * *, 2025-01-15T00:00:01Z, 2025-01-15T00:00:15Z",
    "0 9 * * MON-FRI, 2025-01-03T12:00:00Z, 2025-01-06T08:00:00Z",
  })
  void the_next_time_is_what_the_clocks_show_each_once(String cron, Instant after, Instant next) {
    assertThat(schedule(cron).next(after)).contains(next);
  }

  @Test
  void over_a_change_of_the_clocks_each_time_comes_once_and_none_is_left_out() {
    ScheduleDefinition hourly = schedule("30 * * * *");
    List<Instant> times = new ArrayList<>();
    Instant time = Instant.parse("2025-10-25T22:00:00Z");
    while (times.size() < 5) {
      time = hourly.next(time).orElseThrow();
      times.add(time);
    }
    assertThat(times)
        .extracting(Instant::toString)
        .containsExactly(
            "2025-10-25T22:30:00Z",
            "2025-10-25T23:30:00Z",
            "2025-10-26T00:30:00Z",
            "2025-10-26T02:30:00Z",
            "2025-10-26T03:30:00Z");
  }

  private static ScheduleDefinition schedule(String cron) {
    return new ScheduleDefinition("x", cron, ZoneId.of("Europe/Amsterdam"), true, "{}", "");
  }
}
