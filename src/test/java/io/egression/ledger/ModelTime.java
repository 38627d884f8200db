package io.egression.ledger;

import io.egression.SharedPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * A ledger's database whose time stands still until the test moves it: {@code hub_now()} and {@code
 * clock_timestamp()} read a row.
 */
final class ModelTime extends Clock implements AutoCloseable {
  /** A start on a full microsecond, as PostgreSQL keeps it. */
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static final String INSTALL =
      """
      CREATE TABLE model_time (at timestamptz NOT NULL);
      INSERT INTO model_time VALUES ('2026-01-01T00:00:00Z');
      CREATE OR REPLACE FUNCTION hub_now() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT at FROM public.model_time';
      CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
        AS 'SELECT at FROM public.model_time';
      """;

  /** The test's clock_timestamp() hides PostgreSQL's; no commit waits for the disk. */
  private static final String OPTIONS =
      "?options=-c%20search_path%3Dpublic%2Cpg_catalog%20-c%20synchronous_commit%3Doff";

  private final String url;
  private final Database database;
  private Instant now = START;

  ModelTime() {
    url = SharedPostgres.newDatabase();
    open(url).close();
    execute(INSTALL);
    database = open(url + OPTIONS);
  }

  private static Database open(String url) {
    return Database.open(url, SharedPostgres.user(), SharedPostgres.password(), 4);
  }

  Database database() {
    return database;
  }

  /** A connection beside the ledger's own. */
  Connection connect() throws SQLException {
    return SharedPostgres.connect(url);
  }

  private void execute(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** An empty ledger at the start of time. */
  void reset() {
    now = START;
    execute(
        """
        TRUNCATE account, connector, node, lane, job, attempt, job_event, bulk_replay, acceptance,
          limit_counter, limit_use
          RESTART IDENTITY;
        UPDATE model_time SET at = '2026-01-01T00:00:00Z';
        """);
  }

  void advance(Duration by) {
    now = now.plus(by).truncatedTo(ChronoUnit.MICROS);
    database
        .sql()
        .sql("UPDATE model_time SET at = :now")
        .param("now", now.atOffset(ZoneOffset.UTC))
        .update();
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("instants only");
  }

  @Override
  public void close() {
    database.close();
  }
}
