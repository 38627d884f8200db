package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This start of the hub: the holder of its claims. One heartbeat renews the lease of all of them
 * and corrects the clock. A lease that ran out is not taken up again: the hub goes on under a new
 * id, so that nothing claimed before is continued. Thread safe.
 */
public final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  /**
   * A call may start only while the lease outlives its deadline, so this exceeds every deadline.
   */
  public static final Duration LEASE = Duration.ofSeconds(40);

  private static final Duration HEARTBEAT = Duration.ofSeconds(4);
  private static final Duration MOST_UNCERTAIN = Duration.ofMillis(100);

  private static final String RENEW =
      """
      INSERT INTO node AS n (node_id, name, lease_until, accounts, configuration)
      VALUES (:id, :name, hub_now() + :lease * interval '1 millisecond', :accounts, :configuration)
      ON CONFLICT (node_id) DO UPDATE SET
        lease_until = excluded.lease_until, accounts = excluded.accounts,
        configuration = excluded.configuration
      WHERE n.lease_until > clock_timestamp()
      RETURNING hub_now() AS now,
        ARRAY(SELECT DISTINCT name FROM node o
              WHERE o.lease_until > hub_now() AND o.configuration <> n.configuration
              ORDER BY name) AS others
      """;

  private static final String END_OTHERS =
      "UPDATE node SET lease_until = hub_now() WHERE node_id <> :id AND lease_until > hub_now()";

  private static final String END = "UPDATE node SET lease_until = hub_now() WHERE node_id = :id";

  private static final String FORGET =
      """
      DELETE FROM node n WHERE lease_until < hub_now() - interval '1 day'
        AND NOT EXISTS (SELECT FROM lane WHERE lane.node_id = n.node_id AND state = 'running')
      """;

  /** What the other nodes may know of this one's: the accounts it can deliver to, and its hash. */
  private record Configuration(List<Integer> accounts, @Nullable String hash) {}

  private record Renewed(Instant now, List<String> others) {}

  private final Database database;
  private volatile UUID id = UUID.randomUUID();
  private final String name;
  private final DatabaseClock clock = new DatabaseClock();
  private final ScheduledExecutorService heart =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-heartbeat");
            thread.setDaemon(true);
            return thread;
          });
  private volatile Configuration configuration = new Configuration(List.of(), null);
  private volatile List<String> others = List.of();
  private volatile long leaseEndNanos = System.nanoTime();
  private volatile long unbrokenSinceNanos;

  /**
   * Takes the lease.
   *
   * @param alone no other hub can share this database: the leases left by earlier starts end now
   */
  public Node(Database database, String name, boolean alone) {
    this.database = database;
    this.name = name;
    beat();
    if (alone) {
      database.statement(() -> database.sql().sql(END_OTHERS).param("id", id).update());
      unbrokenSinceNanos = System.nanoTime() - LEASE.toNanos();
    }
    database.statement(() -> database.sql().sql(FORGET).update());
    heart.scheduleWithFixedDelay(
        this::tryToBeat, HEARTBEAT.toMillis(), HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The holder of new claims. */
  public UUID id() {
    return id;
  }

  public String name() {
    return name;
  }

  /** The database's time. */
  public Clock clock() {
    return clock;
  }

  /** Whether a call that lasts at most this long may start now. */
  public boolean outlives(Duration deadline) {
    return leaseEndNanos - System.nanoTime() > deadline.toNanos()
        && clock.uncertainty().compareTo(MOST_UNCERTAIN) <= 0;
  }

  /** Whether the database was there, without a break, for one lease. */
  public boolean hasSeenALease() {
    long now = System.nanoTime();
    return leaseEndNanos - now > 0 && now - unbrokenSinceNanos >= LEASE.toNanos();
  }

  /** Whether every living node has the configuration that this one has. */
  public boolean isAgreed() {
    return others.isEmpty();
  }

  /** Tells the other nodes which accounts this one can deliver to, and its configuration's hash. */
  void announce(List<Integer> accounts, String hash) {
    configuration = new Configuration(List.copyOf(accounts), hash);
    beat();
  }

  private void tryToBeat() {
    try {
      beat();
    } catch (LedgerAwayException e) {
      unbrokenSinceNanos = System.nanoTime();
      LOG.warn("heartbeat: {}", e.getMessage());
    } catch (RuntimeException e) {
      unbrokenSinceNanos = System.nanoTime();
      LOG.error("heartbeat failed", e);
    }
  }

  private synchronized void beat() {
    long asked = System.nanoTime();
    if (asked - leaseEndNanos > 0) {
      id = UUID.randomUUID();
    }
    Optional<Renewed> renewed = renew();
    if (renewed.isEmpty()) {
      id = UUID.randomUUID();
      renewed = renew();
    }
    long answered = System.nanoTime();
    if (answered - leaseEndNanos > 0) {
      unbrokenSinceNanos = answered;
    }
    clock.correct(renewed.orElseThrow().now, asked, answered);
    leaseEndNanos = asked + LEASE.toNanos();
    compare(renewed.get().others);
  }

  private void compare(List<String> differing) {
    if (!differing.isEmpty() && !differing.equals(others)) {
      LOG.warn("the configuration of {} is not that of {}", differing, name);
    }
    others = differing;
  }

  private Optional<Renewed> renew() {
    Configuration own = configuration;
    return database.statement(
        () ->
            database
                .sql()
                .sql(RENEW)
                .param("id", id)
                .param("name", name)
                .param("lease", LEASE.toMillis())
                .param("accounts", SqlArrays.column("int4", own.accounts, account -> account))
                .param("configuration", own.hash)
                .query(Node::renewed)
                .optional());
  }

  private static Renewed renewed(ResultSet row, int n) throws SQLException {
    return new Renewed(
        row.getObject("now", OffsetDateTime.class).toInstant(),
        List.of((String[]) row.getArray("others").getArray()));
  }

  /** Gives the lease back: what it still holds is free at once. */
  @Override
  public void close() {
    heart.shutdownNow();
    try {
      database.statement(() -> database.sql().sql(END).param("id", id).update());
    } catch (RuntimeException e) {
      LOG.warn("the lease could not be given back and runs out by itself: {}", e.getMessage());
    }
  }
}
