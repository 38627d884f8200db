package io.egression.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DatabaseClockTest {
  private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** What a slow machine may take from one line to the next. */
  private static final long SLACK_MILLIS = 5000;

  private final DatabaseClock clock = new DatabaseClock();

  @Test
  void it_goes_on_from_the_reading_by_the_machine_s_monotonic_time() {
    long now = System.nanoTime();
    clock.correct(NOON, now - 3600 * SECOND, now - 3600 * SECOND);
    assertThat(clock.instant())
        .isAfterOrEqualTo(NOON.plusSeconds(3600))
        .isCloseTo(NOON.plusSeconds(3600), within(SLACK_MILLIS, ChronoUnit.MILLIS));
  }

  @Test
  void the_reading_counts_for_the_middle_of_the_question() {
    long now = System.nanoTime();
    clock.correct(NOON, now - 20 * SECOND, now);
    assertThat(clock.instant())
        .isAfterOrEqualTo(NOON.plusSeconds(10))
        .isCloseTo(NOON.plusSeconds(10), within(SLACK_MILLIS, ChronoUnit.MILLIS));
  }

  @Test
  void it_may_be_wrong_by_half_the_time_that_the_question_took() {
    long now = System.nanoTime();
    clock.correct(NOON, now - 3 * SECOND, now);
    assertThat(clock.uncertainty()).isEqualTo(Duration.ofMillis(1500));
    clock.correct(NOON, now, now);
    assertThat(clock.uncertainty()).isZero();
  }

  @Test
  void a_correction_moves_it_either_way() {
    long now = System.nanoTime();
    clock.correct(NOON, now, now);
    clock.correct(NOON.plusSeconds(7200), now, now);
    assertThat(clock.instant()).isAfterOrEqualTo(NOON.plusSeconds(7200));
    clock.correct(NOON, now, now);
    assertThat(clock.instant()).isCloseTo(NOON, within(SLACK_MILLIS, ChronoUnit.MILLIS));
  }

  @Test
  void it_never_goes_back_between_corrections() {
    long now = System.nanoTime();
    clock.correct(NOON, now, now);
    Instant last = clock.instant();
    for (int i = 0; i < 10_000; i++) {
      Instant next = clock.instant();
      assertThat(next).isAfterOrEqualTo(last);
      last = next;
    }
  }

  @Test
  void the_system_clock_does_not_matter() {
    clock.correct(Instant.EPOCH, System.nanoTime(), System.nanoTime());
    assertThat(clock.instant()).isCloseTo(Instant.EPOCH, within(SLACK_MILLIS, ChronoUnit.MILLIS));
  }

  @Test
  void it_tells_instants_only() {
    assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
    assertThatThrownBy(() -> clock.withZone(ZoneId.of("Europe/Berlin")))
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
