package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MetadataPaceTest {
  private static final long START = Long.MAX_VALUE - 5; // nanoTime may have any origin

  private static Duration millis(long n) {
    return Duration.ofMillis(n);
  }

  private static long at(long millis) {
    return START + millis(millis).toNanos();
  }

  @Test
  void each_lane_gets_a_moment_of_its_own_and_keeps_it() {
    MetadataPace pace = new MetadataPace(10);
    assertThat(pace.ask(1, at(0))).isZero();
    assertThat(pace.ask(2, at(0))).isEqualTo(millis(100));
    assertThat(pace.ask(3, at(0))).isEqualTo(millis(200));
    assertThat(pace.ask(2, at(40))).isEqualTo(millis(60));
    assertThat(pace.ask(2, at(100))).isZero();
    assertThat(pace.ask(3, at(250))).isZero();
    assertThat(pace.ask(3, at(250))).isEqualTo(millis(100));
  }

  @Test
  void those_that_come_late_are_not_let_in_at_once() {
    MetadataPace pace = new MetadataPace(10);
    for (int lane = 1; lane <= 3; lane++) {
      assertThat(pace.ask(lane, at(0))).isEqualTo(millis((lane - 1) * 100L));
    }
    assertThat(pace.ask(2, at(500))).isZero();
    assertThat(pace.ask(3, at(500))).isEqualTo(millis(100));
    assertThat(pace.ask(3, at(600))).isZero();
  }

  @Test
  void time_in_which_nobody_asked_is_not_made_up_for() {
    MetadataPace pace = new MetadataPace(10);
    assertThat(pace.ask(1, at(0))).isZero();
    assertThat(pace.ask(1, at(5_000))).isZero();
    assertThat(pace.ask(2, at(5_000))).isEqualTo(millis(100));
  }

  @Test
  void a_lane_that_does_not_come_back_loses_its_moment() {
    MetadataPace pace = new MetadataPace(10);
    assertThat(pace.ask(1, at(0))).isZero();
    assertThat(pace.ask(2, at(0))).isEqualTo(millis(100));
    assertThat(pace.ask(3, at(40_000))).isZero();
    assertThat(pace.ask(2, at(40_000))).isEqualTo(millis(100));
  }

  @Test
  void without_a_rate_nobody_waits() {
    MetadataPace pace = new MetadataPace(0);
    assertThat(pace.ask(1, at(0))).isZero();
    assertThat(pace.ask(1, at(0))).isZero();
  }
}
