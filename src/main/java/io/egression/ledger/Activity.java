package io.egression.ledger;

import io.egression.job.AccountKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what happens to each account's jobs, minute by minute, for people to look at. To count is
 * to add to a number in memory; every few seconds the numbers are written, and those of all nodes
 * add up. A node that is killed loses the last seconds. Thread safe.
 */
public final class Activity implements AutoCloseable {
  /** What is counted. */
  public enum Kind {
    ACCEPTED,
    CALLS,
    DELIVERED,
    FAILED,
    THROTTLED,
    DEAD
  }

  private static final Logger LOG = LoggerFactory.getLogger(Activity.class);
  private static final Duration PERIOD = Duration.ofSeconds(3);
  private static final int PRUNED_EVERY = 1000;
  private static final int KINDS = Kind.values().length;

  private static final String ADD =
      """
      INSERT INTO activity AS a
        (account_id, minute, accepted, calls, delivered, failed, throttled, dead)
      SELECT account, date_trunc('minute', hub_now()), n1, n2, n3, n4, n5, n6
      FROM unnest(:accounts, :n0, :n1, :n2, :n3, :n4, :n5) AS u (account, n1, n2, n3, n4, n5, n6)
      ORDER BY account
      ON CONFLICT (account_id, minute) DO UPDATE SET
        accepted = a.accepted + excluded.accepted, calls = a.calls + excluded.calls,
        delivered = a.delivered + excluded.delivered, failed = a.failed + excluded.failed,
        throttled = a.throttled + excluded.throttled, dead = a.dead + excluded.dead
      """;

  private static final String PRUNE =
      "DELETE FROM activity WHERE minute < hub_now() - interval '1 day'";

  private record Counted(AccountKey account, int[] counts) {}

  private final Database database;
  private final Accounts accounts;
  private final Map<AccountKey, AtomicIntegerArray> counts = new ConcurrentHashMap<>();
  private int writes;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-activity");
            thread.setDaemon(true);
            return thread;
          });

  public Activity(Database database, Accounts accounts) {
    this.database = database;
    this.accounts = accounts;
  }

  /** Writes from now on. */
  public void start() {
    timer.scheduleWithFixedDelay(
        this::tryToWrite, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  public void count(AccountKey account, Kind kind) {
    counts
        .computeIfAbsent(account, key -> new AtomicIntegerArray(KINDS))
        .incrementAndGet(kind.ordinal());
  }

  private void tryToWrite() {
    try {
      write();
    } catch (LedgerAwayException e) {
      LOG.debug("activity is written later: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("activity could not be written", e);
    }
  }

  /** Writes what was counted since; what cannot be written is kept. */
  private synchronized void write() {
    List<Counted> taken = take();
    if (!taken.isEmpty()) {
      try {
        database.statement(() -> add(taken));
      } catch (RuntimeException e) {
        taken.forEach(this::giveBack);
        throw e;
      }
    }
    if (writes++ % PRUNED_EVERY == 0) {
      database.statement(() -> database.sql().sql(PRUNE).update());
    }
  }

  private List<Counted> take() {
    List<Counted> taken = new ArrayList<>();
    counts.forEach(
        (account, array) -> {
          int[] numbers = new int[KINDS];
          boolean any = false;
          for (int i = 0; i < KINDS; i++) {
            numbers[i] = array.getAndSet(i, 0);
            any |= numbers[i] != 0;
          }
          if (any) {
            taken.add(new Counted(account, numbers));
          }
        });
    return taken;
  }

  private int add(List<Counted> taken) {
    var statement =
        database
            .sql()
            .sql(ADD)
            .param("accounts", SqlArrays.column("int4", taken, one -> accounts.id(one.account())));
    for (int kind = 0; kind < KINDS; kind++) {
      int column = kind;
      statement =
          statement.param("n" + kind, SqlArrays.column("int4", taken, one -> one.counts()[column]));
    }
    return statement.update();
  }

  private void giveBack(Counted taken) {
    AtomicIntegerArray array = counts.get(taken.account());
    for (int kind = 0; kind < KINDS; kind++) {
      array.addAndGet(kind, taken.counts()[kind]);
    }
  }

  @Override
  public void close() {
    timer.shutdown();
    tryToWrite();
  }
}
