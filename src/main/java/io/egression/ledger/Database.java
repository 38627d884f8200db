package io.egression.ledger;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.flywaydb.core.Flyway;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** The pool of connections to the ledger's database, migrated to this version. Thread safe. */
public final class Database implements AutoCloseable {
  private static final Duration CONNECTION_WAIT = Duration.ofSeconds(3);

  private final HikariDataSource pool;
  private final JdbcClient client;
  private final TransactionTemplate transaction;

  /**
   * A hub that is frozen inside a transaction must not keep its locks from the others. Every
   * statement that matters has its index, so its plan is made once and never from the size that a
   * table had then: a plan for an empty ledger would read the whole of a full one.
   */
  private static final String SESSION =
      """
      SET idle_in_transaction_session_timeout = '5s';
      SET plan_cache_mode = force_generic_plan;
      SET enable_seqscan = off;
      SET jit = off
      """;

  private Database(HikariDataSource pool) {
    this.pool = pool;
    this.client = JdbcClient.create(pool);
    this.transaction = new TransactionTemplate(new JdbcTransactionManager(pool));
  }

  /**
   * Connects and migrates.
   *
   * @param size the most connections kept
   * @throws RuntimeException if the database can't be reached or migrated; says why
   */
  public static Database open(String url, String user, String password, int size) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("ledger");
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(size);
    config.setConnectionTimeout(CONNECTION_WAIT.toMillis());
    config.setConnectionInitSql(SESSION);
    config.addDataSourceProperty("ApplicationName", "egression");
    config.addDataSourceProperty("reWriteBatchedInserts", "true");
    // A statement that got no answer for this long has lost its server.
    config.addDataSourceProperty("socketTimeout", "30");
    HikariDataSource pool = new HikariDataSource(config);
    try {
      Flyway.configure().dataSource(pool).load().migrate();
      return new Database(pool);
    } catch (RuntimeException e) {
      pool.close();
      throw e;
    }
  }

  /**
   * How the pool is used.
   *
   * @param asked threads that wait for a connection
   */
  public record PoolUse(int busy, int idle, int asked, int most) {}

  /** How the pool is used now. */
  public PoolUse use() {
    HikariPoolMXBean now = pool.getHikariPoolMXBean();
    return new PoolUse(
        now.getActiveConnections(),
        now.getIdleConnections(),
        now.getThreadsAwaitingConnection(),
        pool.getMaximumPoolSize());
  }

  JdbcClient sql() {
    return client;
  }

  /**
   * Runs the work in one transaction.
   *
   * @throws LedgerAwayException if the database is away or the fault passes by itself
   */
  <T> T transaction(Supplier<T> work) {
    AtomicBoolean committing = new AtomicBoolean();
    return guarded(
        () ->
            transaction.execute(
                status -> {
                  T result = work.get();
                  committing.set(true);
                  return result;
                }),
        committing);
  }

  /** Runs one statement, committed by itself. Faults as {@link #transaction}. */
  <T> T statement(Supplier<T> work) {
    return guarded(work, new AtomicBoolean());
  }

  private static <T> T guarded(Supplier<T> work, AtomicBoolean committing) {
    try {
      return work.get();
    } catch (RuntimeException e) {
      if (DatabaseFaults.passes(e)) {
        throw new LedgerAwayException(e, committing.get());
      }
      throw e;
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
