package io.egression.limit;

import io.egression.job.AccountKey;
import io.egression.job.Action;
import io.egression.ledger.PermitLedger.Counter;
import io.egression.ledger.PermitLedger.Rule;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One limit of a policy. A call takes its permit when it starts, at most {@link #slack} later than
 * the time it was granted for: that is what the margin is for. Then no period has more calls than
 * allowed, although clocks, threads and the network are not exact.
 *
 * @param permits calls or objects in each period
 * @param per the period; of a quota: about
 * @param unit of a quota, by the calendar: hour, day, week or month
 * @param burst permits that may be saved up while nothing is sent (rate); absent: none
 * @param margin permits of each period that are not used
 * @param actions empty: all
 * @param objectTypes empty: all
 */
public record Limit(
    String name,
    Kind kind,
    double permits,
    Duration per,
    @Nullable String unit,
    @Nullable Double burst,
    double margin,
    ZoneId zone,
    Scope scope,
    Cost cost,
    Set<Action> actions,
    Set<String> objectTypes) {
  /** How a vendor counts. */
  public enum Kind {
    /** Paced: one after another, evenly; with a burst, a token bucket. */
    RATE,
    /** At most so many in any period, wherever it begins. */
    WINDOW,
    /** So many in each calendar period. */
    QUOTA
  }

  /** Who shares it. */
  public enum Scope {
    CONNECTOR,
    ACCOUNT
  }

  /** What takes a permit. */
  public enum Cost {
    CALL,
    OBJECTS
  }

  /** Calls that begin before a period's end and are late count in the next. */
  private static final Duration QUOTA_SLACK = Duration.ofSeconds(2);

  /** A margin of 2 % leaves 98 % of what a vendor allows. */
  public static final double STANDARD_MARGIN = 0.02;

  public Limit {
    if (!(permits > 0 && margin >= 0 && margin < permits) || per.isZero() || per.isNegative()) {
      throw new IllegalArgumentException("not a limit: " + name);
    }
    actions = Set.copyOf(actions);
    objectTypes = Set.copyOf(objectTypes);
  }

  /** Whether it concerns such jobs. */
  public boolean covers(Action action, String objectType) {
    return (actions.isEmpty() || actions.contains(action))
        && (objectTypes.isEmpty() || objectTypes.contains(objectType));
  }

  /** Whether it concerns some jobs only. */
  public boolean isSelective() {
    return !actions.isEmpty() || !objectTypes.isEmpty();
  }

  /**
   * How much later than its permit a call may start: as long as the margin's permits take, and the
   * part of the burst that is kept back.
   */
  public Duration slack() {
    return kind == Kind.QUOTA ? QUOTA_SLACK : paceSlack();
  }

  private Duration paceSlack() {
    return Duration.ofNanos(Math.round(per.toNanos() * (margin + kept()) / permits));
  }

  /** A bucket that is never drained wholly bears late calls at no cost to its rate. */
  private double kept() {
    return burst == null ? 0 : Math.min(1, burst / 10);
  }

  /** For one call with so many objects. */
  public Rule rule(String connector, AccountKey account, int objects) {
    return new Rule(
        new Counter(connector, name, scope == Scope.ACCOUNT ? account : null),
        kind.name().toLowerCase(Locale.ROOT),
        pace(),
        capacity(),
        micros(per.plus(slack())),
        micros(slack()),
        cost == Cost.OBJECTS ? objects : 1,
        unit,
        zone.getId());
  }

  /** A quota is there at once when its period begins. */
  private long pace() {
    return switch (kind) {
      case RATE -> Math.round(micros(per) / (permits - margin));
      case WINDOW -> Math.round(micros(per.plus(slack())) / permits);
      case QUOTA -> 0;
    };
  }

  private double capacity() {
    return switch (kind) {
      case RATE -> burst == null ? 1 : Math.max(1, burst - margin - kept());
      case WINDOW -> Math.floor(permits);
      case QUOTA -> Math.max(1, Math.floor(permits - margin));
    };
  }

  private static long micros(Duration duration) {
    return Math.max(0, duration.toNanos() / 1000);
  }

  /** As a person says it. */
  @Override
  public String toString() {
    String number =
        permits == Math.rint(permits) ? String.valueOf((long) permits) : String.valueOf(permits);
    String period = unit == null ? per.toString().substring(2).toLowerCase(Locale.ROOT) : unit;
    String what = (cost == Cost.CALL ? "call" : "object") + (permits == 1 ? "" : "s");
    return "%s: %s %s per %s".formatted(name, number, what, period);
  }
}
