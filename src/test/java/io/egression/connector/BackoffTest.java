package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final RandomGenerator SEED = new Random(1);

  @Test
  void the_delay_grows_by_the_factor_up_to_the_longest() {
    Backoff backoff = backoff(1000, 2, 10_000, 0);
    assertThat(delays(backoff, 1, 2, 3, 4, 5, 6, 100))
        .containsExactly(1000L, 2000L, 4000L, 8000L, 10_000L, 10_000L, 10_000L);
  }

  @Test
  void a_factor_of_1_is_a_fixed_delay() {
    assertThat(delays(backoff(700, 1, 10_000, 0), 1, 2, 50)).containsOnly(700L);
  }

  @Test
  void a_factor_may_be_broken() {
    assertThat(delays(backoff(1000, 1.5, 10_000, 0), 1, 2, 3)).containsExactly(1000L, 1500L, 2250L);
  }

  @Test
  void before_the_first_failure_the_delay_is_the_first() {
    assertThat(delays(backoff(1000, 2, 10_000, 0), 0)).containsExactly(1000L);
  }

  @Test
  void after_any_number_of_failures_the_delay_is_a_number() {
    assertThat(delays(backoff(1000, 1000, 10_000, 0.5), Integer.MAX_VALUE))
        .allMatch(delay -> delay >= 5000 && delay <= 10_000);
    assertThat(delays(backoff(0, 2, 10_000, 0.2), 1, Integer.MAX_VALUE)).containsOnly(0L);
  }

  @Test
  void jitter_moves_the_delay_both_ways_and_no_further_than_it_says() {
    Backoff backoff = backoff(1000, 2, 60_000, 0.2);
    List<Long> delays =
        IntStream.range(0, 10_000).mapToObj(i -> backoff.delay(1, SEED).toMillis()).toList();
    assertThat(delays).allMatch(delay -> delay >= 800 && delay <= 1200);
    assertThat(delays).anyMatch(delay -> delay < 820).anyMatch(delay -> delay > 1180);
    assertThat(delays.stream().mapToLong(delay -> delay).average().orElseThrow())
        .isBetween(990.0, 1010.0);
  }

  @Test
  void jitter_never_exceeds_the_longest_delay() {
    Backoff backoff = backoff(1000, 2, 1000, 1);
    assertThat(IntStream.range(0, 1000).mapToObj(i -> backoff.delay(5, SEED)))
        .allMatch(delay -> !delay.isNegative() && delay.toMillis() <= 1000);
  }

  @Test
  void the_attempts_come_to_an_end() {
    Backoff backoff = new Backoff(Duration.ZERO, 1, Duration.ZERO, 0, 3, Duration.ofHours(1));
    assertThat(backoff.isExhausted(2, NOW, NOW)).isFalse();
    assertThat(backoff.isExhausted(3, NOW, NOW)).isTrue();
    assertThat(backoff.isExhausted(4, NOW, NOW)).isTrue();
  }

  @Test
  void the_time_comes_to_an_end() {
    Backoff backoff = new Backoff(Duration.ZERO, 1, Duration.ZERO, 0, 100, Duration.ofHours(1));
    assertThat(backoff.isExhausted(2, NOW.minusSeconds(3599), NOW)).isFalse();
    assertThat(backoff.isExhausted(2, NOW.minusSeconds(3600), NOW)).isTrue();
    assertThat(backoff.isExhausted(2, NOW.plusSeconds(5), NOW)).isFalse();
  }

  @Test
  void without_a_first_failure_the_time_has_not_begun() {
    assertThat(Backoff.DEFAULT.isExhausted(1, null, NOW)).isFalse();
  }

  @Test
  void what_is_not_a_backoff_is_refused() {
    assertThatThrownBy(() -> backoff(-1, 2, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> backoff(1, 0.9, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> backoff(1, Double.NaN, 1, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> backoff(1, 2, -1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> backoff(1, 2, 1, 1.1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> backoff(1, 2, 1, -0.1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new Backoff(Duration.ZERO, 1, Duration.ZERO, 0, 0, Duration.ofHours(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Backoff backoff(long first, double factor, long most, double jitter) {
    return new Backoff(
        Duration.ofMillis(first),
        factor,
        Duration.ofMillis(most),
        jitter,
        12,
        Duration.ofHours(24));
  }

  private static List<Long> delays(Backoff backoff, int... failures) {
    return IntStream.of(failures).mapToObj(n -> backoff.delay(n, SEED).toMillis()).toList();
  }
}
