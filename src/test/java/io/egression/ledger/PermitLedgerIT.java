package io.egression.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.job.AccountKey;
import io.egression.job.Action;
import io.egression.ledger.PermitLedger.Ask;
import io.egression.ledger.PermitLedger.Permit;
import io.egression.ledger.PermitLedger.Permits;
import io.egression.limit.Limit;
import io.egression.limit.Limit.Cost;
import io.egression.limit.Limit.Kind;
import io.egression.limit.Limit.Scope;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The arithmetic of limits, in the database's time, which stands still unless it is moved. */
class PermitLedgerIT {
  private static final AccountKey ONE = ModelAccount.WHOLE.key;
  private static final AccountKey OTHER = ModelAccount.BY_OBJECT.key;
  private static final Duration NOW_ONLY = Duration.ZERO;
  private static final Duration TINY = Duration.ofMillis(1);

  private ModelTime time;
  private Accounts accounts;
  private Node node;
  private PermitLedger permits;

  @BeforeEach
  void start() {
    time = new ModelTime();
    accounts = new Accounts(time.database());
    node = new Node(time.database(), "node", true);
    accounts.configure(
        List.of(ModelAccount.values()).stream().map(ModelAccount::configured).toList(),
        "same",
        node);
    permits = new PermitLedger(time.database(), accounts);
  }

  @AfterEach
  void stop() {
    permits.close();
    node.close();
    time.close();
  }

  @Test
  void a_rate_without_a_burst_is_paced() {
    Limit limit = rate(50, Duration.ofSeconds(1), null, 0);
    List<Instant> calls = callsFor(Duration.ofSeconds(3), limit);
    assertThat(calls).hasSizeBetween(150, 151);
    assertNoWindowOver(calls, 50, Duration.ofSeconds(1));
    for (int i = 1; i < calls.size(); i++) {
      assertThat(Duration.between(calls.get(i - 1), calls.get(i))).isEqualTo(Duration.ofMillis(20));
    }
  }

  @Test
  void a_token_bucket_gives_its_burst_at_once_and_then_its_rate() {
    Limit limit = rate(2, Duration.ofSeconds(1), 40.0, 0);
    assertThat(from(ask(ONE, NOW_ONLY, 100, limit))).as("one is kept back").hasSize(39);
    assertThat(from(ask(ONE, NOW_ONLY, 100, limit))).isEmpty();
    time.advance(Duration.ofSeconds(5));
    assertThat(from(ask(ONE, NOW_ONLY, 100, limit))).hasSize(10);
    time.advance(Duration.ofHours(1));
    assertThat(from(ask(ONE, NOW_ONLY, 100, limit))).hasSize(39);
  }

  @Test
  void no_permit_begins_before_its_answer_can_have_come() {
    Limit limit = rate(10, Duration.ofSeconds(1), null, 0);
    Duration lead = Duration.ofMillis(300);
    Ask ask = new Ask(rules(ONE, limit), 2, lead, Duration.ofSeconds(1), false);
    Instant first = now().plus(lead);
    assertThat(from(permits.take(ask))).containsExactly(first, first.plusMillis(100));
    assertThat(from(permits.take(ask)))
        .as("as soon as the limit allows, if that is later anyway")
        .containsExactly(first.plusMillis(200), first.plusMillis(300));
  }

  @Test
  void permits_may_be_less_than_one_a_second() {
    Limit limit = rate(1, Duration.ofSeconds(120), 15.0, 0);
    assertThat(from(ask(ONE, NOW_ONLY, 100, limit))).hasSize(14);
    assertThat(ask(ONE, NOW_ONLY, 1, limit).turn()).isEqualTo(now().plusSeconds(120));
  }

  @Test
  void a_window_never_has_more_wherever_it_begins() {
    Limit limit = limit("w", Kind.WINDOW, 100, Duration.ofSeconds(30), 0);
    List<Instant> calls = callsFor(Duration.ofSeconds(95), limit);
    assertNoWindowOver(calls, 100, Duration.ofSeconds(30));
    assertThat(calls).hasSizeGreaterThanOrEqualTo(390);
  }

  @Test
  void two_limits_together_both_hold() {
    Limit window = limit("w", Kind.WINDOW, 100, Duration.ofSeconds(30), 0);
    Limit rate = rate(10, Duration.ofSeconds(1), null, 0);
    List<Instant> calls = callsFor(Duration.ofSeconds(65), window, rate);
    assertNoWindowOver(calls, 100, Duration.ofSeconds(30));
    assertNoWindowOver(calls, 10, Duration.ofSeconds(1));
    assertThat(calls).hasSizeGreaterThanOrEqualTo((int) (0.98 * 100 * 65 / 30));
  }

  @Test
  void a_margin_leaves_that_much_and_makes_up_for_late_calls() {
    Random late = new Random(7);
    Limit limit = rate(50, Duration.ofSeconds(1), null, 1);
    List<Instant> calls = new ArrayList<>();
    for (Instant slot : callsFor(Duration.ofSeconds(10), limit)) {
      calls.add(slot.plusNanos((long) (late.nextDouble() * limit.slack().toNanos())));
    }
    assertThat(calls).hasSizeGreaterThanOrEqualTo((int) (0.98 * 49 * 10));
    assertNoWindowOver(calls.stream().sorted().toList(), 50, Duration.ofSeconds(1));
  }

  @Test
  void a_quota_begins_anew_with_the_calendar_of_its_zone() {
    Limit limit =
        new Limit(
            "q",
            Kind.QUOTA,
            3,
            Duration.ofDays(1),
            "day",
            null,
            0,
            ZoneId.of("America/Los_Angeles"),
            Scope.CONNECTOR,
            Cost.CALL,
            Set.of(),
            Set.of());
    assertThat(from(ask(ONE, NOW_ONLY, 10, limit))).hasSize(3);
    Instant midnight = Instant.parse("2026-01-01T08:00:00Z");
    assertThat(ask(ONE, NOW_ONLY, 10, limit).turn()).isEqualTo(midnight);
    time.advance(Duration.between(now(), midnight));
    assertThat(from(ask(ONE, NOW_ONLY, 10, limit))).hasSize(3);
    assertThat(ask(ONE, NOW_ONLY, 1, limit).turn()).isEqualTo(midnight.plus(Duration.ofDays(1)));
  }

  @Test
  void a_quota_day_may_have_23_hours() {
    Limit limit =
        new Limit(
            "q",
            Kind.QUOTA,
            1,
            Duration.ofDays(1),
            "day",
            null,
            0,
            ZoneId.of("Europe/Berlin"),
            Scope.CONNECTOR,
            Cost.CALL,
            Set.of(),
            Set.of());
    time.advance(Duration.between(now(), Instant.parse("2026-03-29T00:30:00Z")));
    assertThat(from(ask(ONE, NOW_ONLY, 1, limit))).hasSize(1);
    assertThat(ask(ONE, NOW_ONLY, 1, limit).turn()).isEqualTo("2026-03-29T22:00:00Z");
  }

  @Test
  void an_account_has_a_bucket_of_its_own_and_a_connector_one_for_all() {
    Limit own = limit("own", Kind.WINDOW, 1, Duration.ofSeconds(10), 0, Scope.ACCOUNT, Cost.CALL);
    assertThat(from(ask(ONE, NOW_ONLY, 1, own))).hasSize(1);
    assertThat(from(ask(OTHER, NOW_ONLY, 1, own))).hasSize(1);
    assertThat(from(ask(ONE, NOW_ONLY, 1, own))).isEmpty();
    Limit shared = limit("all", Kind.WINDOW, 1, Duration.ofSeconds(10), 0);
    assertThat(from(ask(ONE, NOW_ONLY, 1, shared))).hasSize(1);
    assertThat(from(ask(OTHER, NOW_ONLY, 1, shared))).isEmpty();
  }

  @Test
  void all_limits_or_none() {
    Limit own = limit("own", Kind.WINDOW, 1, Duration.ofSeconds(10), 0, Scope.ACCOUNT, Cost.CALL);
    Limit shared = limit("all", Kind.WINDOW, 2, Duration.ofSeconds(10), 0);
    assertThat(from(ask(ONE, NOW_ONLY, 1, own, shared))).hasSize(1);
    for (int i = 0; i < 5; i++) {
      assertThat(from(ask(ONE, NOW_ONLY, 1, own, shared))).isEmpty();
    }
    assertThat(from(ask(OTHER, NOW_ONLY, 1, own, shared)))
        .as("the refused ones took nothing of the shared limit, nor a turn at it")
        .hasSize(1);
  }

  @Test
  void what_counts_objects_takes_as_many() {
    Limit limit =
        limit("o", Kind.WINDOW, 10, Duration.ofSeconds(60), 0, Scope.CONNECTOR, Cost.OBJECTS);
    assertThat(from(ask(ONE, NOW_ONLY, 1, limit.rule("c", ONE, 8)))).hasSize(1);
    assertThat(from(ask(ONE, NOW_ONLY, 1, limit.rule("c", ONE, 3)))).isEmpty();
    assertThat(from(turnOf(ONE, NOW_ONLY, 1, limit.rule("c", ONE, 2)))).hasSize(1);
    time.advance(Duration.ofSeconds(60));
    assertThat(from(turnOf(ONE, NOW_ONLY, 1, limit.rule("c", ONE, 25))))
        .as("more than the window holds goes when it is empty")
        .hasSize(1);
  }

  @Test
  void each_who_waits_has_a_turn_of_its_own() {
    Limit limit = rate(10, Duration.ofSeconds(1), null, 0);
    ask(ONE, NOW_ONLY, 1, limit);
    List<Duration> turns = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      turns.add(Duration.between(now(), ask(ONE, NOW_ONLY, 1, limit).turn()));
    }
    assertThat(turns).extracting(Duration::toMillis).containsExactly(100L, 200L, 300L, 400L, 500L);
    time.advance(Duration.ofMillis(100));
    assertThat(ask(OTHER, NOW_ONLY, 1, limit).turn())
        .as("who comes now goes behind those who wait")
        .isEqualTo(now().plusMillis(500));
    assertThat(from(turnOf(ONE, NOW_ONLY, 1, limit))).containsExactly(now());
  }

  @Test
  void a_permit_a_little_away_is_given_to_who_waits_in_place() {
    Limit limit = rate(100, Duration.ofSeconds(1), null, 0);
    assertThat(from(ask(ONE, Duration.ofMillis(50), 16, limit)))
        .extracting(slot -> Duration.between(now(), slot).toMillis())
        .containsExactly(0L, 10L, 20L, 30L, 40L, 50L);
  }

  @Test
  void a_permit_says_how_late_its_call_may_be() {
    Limit rate = rate(50, Duration.ofSeconds(1), null, 1);
    assertThat(ask(ONE, NOW_ONLY, 1, rate).permits())
        .containsExactly(new Permit(now(), now().plusMillis(15)));
  }

  @Test
  void of_several_limits_the_one_that_bears_the_least_decides_how_late() {
    Limit window = limit("w", Kind.WINDOW, 100, Duration.ofSeconds(30), 2);
    Limit rate = rate(10, Duration.ofSeconds(1), null, 0.2);
    ask(ONE, NOW_ONLY, 1, window, rate);
    Permit next = ask(ONE, Duration.ofSeconds(1), 1, window, rate).permits().get(0);
    assertThat(Duration.between(now(), next.from())).isCloseTo(Duration.ofMillis(102), TINY);
    assertThat(Duration.between(next.from(), next.until())).isEqualTo(Duration.ofMillis(15));
  }

  @Test
  void a_restart_does_not_begin_with_a_fresh_burst() {
    Limit limit = rate(2, Duration.ofSeconds(1), 40.0, 0);
    ask(ONE, NOW_ONLY, 100, limit);
    permits.close();
    permits = new PermitLedger(time.database(), accounts);
    assertThat(from(ask(ONE, NOW_ONLY, 100, limit))).isEmpty();
  }

  @Test
  void nothing_older_than_the_window_is_kept() {
    Limit limit = limit("w", Kind.WINDOW, 10, Duration.ofSeconds(1), 0);
    callsFor(Duration.ofSeconds(20), limit);
    assertThat(
            time.database().sql().sql("SELECT count(*) FROM limit_use").query(Long.class).single())
        .isLessThanOrEqualTo(11);
  }

  /** All calls that the limits allow in this time, when somebody always waits for its turn. */
  private List<Instant> callsFor(Duration duration, Limit... limits) {
    List<Instant> calls = new ArrayList<>();
    Instant end = now().plus(duration);
    while (now().isBefore(end)) {
      Permits answer = turnOf(ONE, NOW_ONLY, 100, limits);
      calls.addAll(from(answer));
      if (from(answer).isEmpty()) {
        time.advance(Duration.between(now(), answer.turn()));
      }
    }
    return calls;
  }

  private static List<Instant> from(Permits permits) {
    return permits.permits().stream().map(Permit::from).toList();
  }

  private Permits ask(AccountKey account, Duration patience, int most, Limit... limits) {
    return ask(account, patience, most, false, rules(account, limits));
  }

  private Permits turnOf(AccountKey account, Duration patience, int most, Limit... limits) {
    return ask(account, patience, most, true, rules(account, limits));
  }

  private Permits ask(AccountKey account, Duration patience, int most, PermitLedger.Rule rule) {
    return ask(account, patience, most, false, List.of(rule));
  }

  private Permits turnOf(AccountKey account, Duration patience, int most, PermitLedger.Rule rule) {
    return ask(account, patience, most, true, List.of(rule));
  }

  private Permits ask(
      AccountKey account,
      Duration patience,
      int most,
      boolean turn,
      List<PermitLedger.Rule> rules) {
    return permits.take(new Ask(rules, most, Duration.ZERO, patience, turn));
  }

  private static List<PermitLedger.Rule> rules(AccountKey account, Limit... limits) {
    return List.of(limits).stream().map(limit -> limit.rule("c", account, 1)).toList();
  }

  private Instant now() {
    return time.instant();
  }

  private static void assertNoWindowOver(List<Instant> calls, int most, Duration window) {
    for (int i = most; i < calls.size(); i++) {
      assertThat(Duration.between(calls.get(i - most), calls.get(i)))
          .as("calls %d to %d", i - most, i)
          .isGreaterThanOrEqualTo(window);
    }
  }

  private static Limit rate(double permits, Duration per, @Nullable Double burst, double margin) {
    return new Limit(
        "r",
        Kind.RATE,
        permits,
        per,
        null,
        burst,
        margin,
        ZoneId.of("UTC"),
        Scope.CONNECTOR,
        Cost.CALL,
        Set.of(),
        Set.of());
  }

  private static Limit limit(String name, Kind kind, int permits, Duration per, double margin) {
    return limit(name, kind, permits, per, margin, Scope.CONNECTOR, Cost.CALL);
  }

  private static Limit limit(
      String name, Kind kind, int permits, Duration per, double margin, Scope scope, Cost cost) {
    return new Limit(
        name,
        kind,
        permits,
        per,
        null,
        null,
        margin,
        ZoneId.of("UTC"),
        scope,
        cost,
        Set.<Action>of(),
        Set.of());
  }
}
