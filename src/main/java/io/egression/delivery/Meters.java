package io.egression.delivery;

import io.egression.job.AccountKey;
import io.egression.job.Job;
import io.egression.job.JobState;
import io.egression.job.Outcome;
import io.egression.ledger.Acceptance;
import io.egression.ledger.Activity;
import io.egression.ledger.Activity.Kind;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Counts, times and traces what happens on the way of a job. It adds to numbers in memory and never
 * waits. Meters are by connector; by account only on request. Thread safe.
 */
public final class Meters implements Acceptance.Observer {
  private static final Duration[] SHORT =
      durations(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000);
  private static final Duration[] LONG =
      durations(10, 50, 100, 250, 500, 1_000, 5_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000);

  private record Named(String name, String word, String account, String connector) {}

  private final Activity activity;
  private final MeterRegistry registry;
  private final boolean byAccount;
  private final Traces traces;
  private final Timer accepting;
  private final Map<Named, Counter> counters = new ConcurrentHashMap<>();
  private final Map<Named, Timer> timers = new ConcurrentHashMap<>();

  /**
   * @param byAccount each account has meters of its own
   */
  public Meters(Activity activity, MeterRegistry registry, boolean byAccount, Traces traces) {
    this.traces = traces;
    this.activity = activity;
    this.registry = registry;
    this.byAccount = byAccount;
    this.accepting =
        Timer.builder("egression.accept")
            .description("A request's jobs written to the ledger")
            .serviceLevelObjectives(SHORT)
            .register(registry);
  }

  private static Duration[] durations(long... millis) {
    return java.util.Arrays.stream(millis).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
  }

  @Override
  public void accepted(Job job, Duration took) {
    activity.count(job.account(), Kind.ACCEPTED);
    counter("egression.accepted", "", "", job.account(), "").increment();
    traces.accepted(job, took);
  }

  @Override
  public void took(Duration time) {
    accepting.record(time);
  }

  /** What became of the job in hand. */
  void attempted(Work work, Outcome outcome, JobState state) {
    AccountKey account = work.run.account();
    String connector = work.getConnector();
    if (work.wasCalled()) {
      called(work, outcome);
    } else if (state == JobState.WAITING) {
      counter("egression.put.off", "why", outcome.word(), account, connector).increment();
    }
    if (state == JobState.DELIVERED) {
      activity.count(account, Kind.DELIVERED);
    } else if (state == JobState.DEAD) {
      activity.count(account, Kind.DEAD);
      counter("egression.dead", "reason", reason(work, outcome), account, connector).increment();
    }
    if (state.isFinal()) {
      counter("egression.ended", "state", state.word(), account, connector).increment();
    }
  }

  private void called(Work work, Outcome outcome) {
    AccountKey account = work.run.account();
    String connector = work.getConnector();
    traces.called(work, outcome);
    if (work.job.attempts() == 0) {
      Duration lag = Duration.between(work.job.due(), work.calledAt);
      timer("egression.lag", "", "", LONG, work).record(lag.isNegative() ? Duration.ZERO : lag);
    }
    if (work.isFellow) {
      return;
    }
    activity.count(account, Kind.CALLS);
    if (outcome instanceof Outcome.Throttled) {
      activity.count(account, Kind.THROTTLED);
    } else if (!(outcome instanceof Outcome.Delivered)) {
      activity.count(account, Kind.FAILED);
    }
    timer("egression.call", "outcome", outcome.word(), SHORT, work).record(work.took);
    if (!work.limits.isEmpty()) {
      counter("egression.permits", "", "", account, connector).increment();
    }
  }

  /** Few words, whatever the answers say. */
  private static String reason(Work work, Outcome outcome) {
    if (outcome instanceof Outcome.Retry) {
      return "gave up";
    }
    if (!work.wasCalled()) {
      return "not callable";
    }
    return work.status == null ? "rejected" : "status " + work.status;
  }

  private Counter counter(
      String name, String tag, String word, AccountKey account, String connector) {
    Named key = new Named(name, word, byAccount ? account.toString() : "", connector);
    Counter known = counters.get(key);
    return known != null
        ? known
        : counters.computeIfAbsent(
            key, made -> Counter.builder(name).tags(tags(made, tag)).register(registry));
  }

  private Timer timer(String name, String tag, String word, Duration[] bounds, Work work) {
    String account = byAccount ? work.run.account().toString() : "";
    Named key = new Named(name, word, account, work.getConnector());
    Timer known = timers.get(key);
    return known != null
        ? known
        : timers.computeIfAbsent(
            key,
            made ->
                Timer.builder(name)
                    .serviceLevelObjectives(bounds)
                    .tags(tags(made, tag))
                    .register(registry));
  }

  private static Tags tags(Named named, String tag) {
    return Tags.of(
        Stream.of(
                Map.entry("connector", named.connector),
                Map.entry("account", named.account),
                Map.entry(tag, named.word))
            .filter(entry -> !entry.getKey().isEmpty() && !entry.getValue().isEmpty())
            .map(entry -> io.micrometer.core.instrument.Tag.of(entry.getKey(), entry.getValue()))
            .toList());
  }
}
