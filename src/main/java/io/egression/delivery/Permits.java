package io.egression.delivery;

import io.egression.job.AccountKey;
import io.egression.job.Outcome;
import io.egression.ledger.PermitLedger;
import io.egression.ledger.PermitLedger.Ask;
import io.egression.ledger.PermitLedger.Rule;
import io.egression.limit.Limit;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.Exchange;

/**
 * Takes the permits of the connector's limits for the job in hand; the bean {@code permits} of the
 * call route. A permit some tens of milliseconds away is waited for in place; for one farther away
 * the lane gets a turn, and its consumer is free. Thread safe.
 */
public final class Permits {
  private static final Duration PATIENCE = Duration.ofMillis(50);

  /** Whose turn it is may have come early. */
  private static final Duration TURN_PATIENCE = Duration.ofMillis(250);

  /** No thread is more exact; what is limited in shorter periods is not exact either. */
  private static final Duration LEAST_SLACK = Duration.ofMillis(2);

  private static final Duration EARLY_MOST = Duration.ofSeconds(2);
  private static final Duration LEAD_MOST = Duration.ofMillis(500);
  private static final Duration HANDOVER = Duration.ofMillis(10);
  private static final int MOST_AT_ONCE = 16;

  /** Permits missed in a row: what is too busy to keep their times wastes the others' too. */
  private static final int MOST_LATE = 5;

  private static final Duration BREATHER = Duration.ofMillis(200);

  private final PermitLedger ledger;
  private final Clock clock;

  /** When, as far as this node knows, the next permit is there: a hint, never a permit. */
  private final Map<List<PermitLedger.Counter>, Instant> busyUntil = new ConcurrentHashMap<>();

  private final Map<AccountKey, Pace> paces = new ConcurrentHashMap<>();

  /** How long the ledger takes to answer. */
  private final SmoothedTime asking = new SmoothedTime(Duration.ofMillis(20));

  /** How fast an account is prepared for, and answers. */
  private static final class Pace {
    final SmoothedTime preparing = new SmoothedTime(Duration.ofMillis(20));

    /**
     * The first calls are slow: whoever takes several permits then may use one and waste the rest.
     */
    final SmoothedTime calling = new SmoothedTime(Duration.ofMillis(500));
  }

  public Permits(PermitLedger ledger, Clock clock) {
    this.ledger = ledger;
    this.clock = clock;
  }

  /**
   * Before anything is fetched for the job: if its permit is known to be far away, the lane gets
   * its turn now.
   *
   * @throws UndeliverableException if it has to wait for its turn
   */
  public void expect(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    RunInHand run = exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
    if (work.limits.isEmpty() || run.turn != null || isCostUnknown(work)) {
      return;
    }
    List<Rule> rules = rules(work);
    Instant busy = busyUntil.get(counters(rules));
    if (busy != null
        && busy.isAfter(clock.instant().plus(PATIENCE))
        && run.permits(rules).isEmpty()) {
      ask(work, run, rules, false); // what it gets is for the call, later
    }
  }

  /** Which further jobs will go in its call is not known yet, and that decides what it costs. */
  private static boolean isCostUnknown(Work work) {
    return work.bulk() != null
        && work.limits.stream().anyMatch(limit -> limit.cost() == Limit.Cost.OBJECTS);
  }

  /**
   * Returns when the call may start, at once.
   *
   * @throws UndeliverableException if it has to wait for its turn, or was too late too often
   */
  public void take(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    if (work.limits.isEmpty()) {
      return;
    }
    RunInHand run = exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
    List<Rule> rules = rules(work);
    int late = 0;
    while (late < MOST_LATE) {
      PermitLedger.Permit permit = run.permits(rules).poll();
      if (permit == null) {
        ask(work, run, rules, late > 0);
      } else {
        waitFor(permit.from());
        if (isInTime(permit)) {
          return;
        }
        late++;
      }
    }
    throw new UndeliverableException(
        new Outcome.Delayed(
            BREATHER, "%d permits came too late in a row: the node is busy".formatted(late)));
  }

  private boolean isInTime(PermitLedger.Permit permit) {
    Instant least = permit.from().plus(LEAST_SLACK);
    Instant until = permit.until().isBefore(least) ? least : permit.until();
    return !clock.instant().isAfter(until);
  }

  /**
   * @param late it had a permit and was too late: it keeps its turn
   */
  private void ask(Work work, RunInHand run, List<Rule> rules, boolean late) {
    Pace pace = pace(work);
    Instant turn = run.turn;
    run.turn = null;
    if (turn != null) {
      pace.preparing.sample(Duration.between(turn, clock.instant()));
    }
    boolean first = turn != null || late;
    long asked = System.nanoTime();
    PermitLedger.Permits permits =
        ledger.take(
            new Ask(
                rules,
                run.takesNext(atOnce(pace, work.limits)),
                lead(work.limits),
                first ? TURN_PATIENCE : PATIENCE,
                first));
    asking.sample(Duration.ofNanos(System.nanoTime() - asked));
    run.permits(rules).addAll(permits.permits());
    if (permits.turn() != null) {
      busyUntil.put(counters(rules), permits.turn());
      throw new UndeliverableException(limited(work, permits, pace));
    }
  }

  /** The lane comes back early enough to have all at hand when its permit is there. */
  private Outcome limited(Work work, PermitLedger.Permits permits, Pace pace) {
    Limit bound =
        work.limits.stream()
            .filter(limit -> limit.name().equals(permits.bound()))
            .findFirst()
            .orElseThrow();
    Duration early = pace.preparing.most().plus(HANDOVER);
    Instant due = permits.turn().minus(early.compareTo(EARLY_MOST) > 0 ? EARLY_MOST : early);
    Duration after = Duration.between(clock.instant(), due);
    return new Outcome.Limited(
        after.isNegative() ? Duration.ZERO : after,
        "the limit of " + work.getConnector() + ", " + bound,
        bound.isSelective());
  }

  /**
   * A permit for now would be too old when the answer comes, if that takes longer than a call may
   * be late. Half of this is left for the thread. Not for a quota: all must agree which period is
   * the present one.
   */
  private Duration lead(List<Limit> limits) {
    if (limits.stream().anyMatch(limit -> limit.kind() == Limit.Kind.QUOTA)) {
      return Duration.ZERO;
    }
    Duration lead = asking.most().minus(slack(limits).dividedBy(2));
    return lead.isNegative() ? Duration.ZERO : lead.compareTo(LEAD_MOST) > 0 ? LEAD_MOST : lead;
  }

  /** As many as are used before they are too old. */
  private static int atOnce(Pace pace, List<Limit> limits) {
    long call = Math.max(1, pace.calling.mean().toMillis());
    return (int) Math.min(MOST_AT_ONCE, 1 + slack(limits).toMillis() / call);
  }

  /** What is surely left of the time in which a call may start, once its permit is there. */
  private static Duration slack(List<Limit> limits) {
    return limits.stream().map(Limit::slack).min(Duration::compareTo).orElseThrow().dividedBy(2);
  }

  private void waitFor(Instant slot) {
    for (Duration left = Duration.between(clock.instant(), slot);
        !left.isNegative() && !left.isZero();
        left = Duration.between(clock.instant(), slot)) {
      LockSupport.parkNanos(left.toNanos());
      if (Thread.currentThread().isInterrupted()) {
        throw new UndeliverableException(
            new Outcome.Delayed(Duration.ZERO, "the hub stops while the job waits for its permit"));
      }
    }
  }

  /** The call has ended. */
  void called(Work work) {
    if (!work.limits.isEmpty()) {
      pace(work).calling.sample(work.took);
    }
  }

  private Pace pace(Work work) {
    return paces.computeIfAbsent(work.run.account(), account -> new Pace());
  }

  private static List<Rule> rules(Work work) {
    return work.limits.stream()
        .map(limit -> limit.rule(work.getConnector(), work.run.account(), work.sent().size()))
        .toList();
  }

  private static List<PermitLedger.Counter> counters(List<Rule> rules) {
    return rules.stream().map(Rule::counter).toList();
  }
}
