package io.egression.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;

/**
 * The outbox of ended jobs: written in the transaction that ends a job, read by one node at a time
 * for each listener of a subscription, and kept until that was told. Thread safe.
 */
public final class Endings {
  /** Who is told of the ends of a subscription's jobs. */
  public enum Listener {
    /** The broker's address for events. */
    TOPIC,
    /** The subscription's webhook. */
    WEBHOOK;

    /** As the ledger has it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A subscription's listener. */
  public record Telling(String subscription, Listener listener) {}

  /**
   * A job has ended.
   *
   * @param number rises, for each listener, with the time of its job's end; not without gaps
   * @param event what is told of the job
   */
  public record Ending(long number, Instant at, JsonNode event) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String KNOW =
      """
      INSERT INTO ending_teller (subscription, listener)
      SELECT * FROM unnest(:subscriptions, :listeners) ORDER BY 1, 2 ON CONFLICT DO NOTHING
      """;

  private static final String TAKE =
      """
      UPDATE ending_teller SET taken_until = hub_now() + :lease * interval '1 millisecond'
      WHERE (subscription, listener) IN (
        SELECT t.subscription, t.listener
        FROM ending_teller t JOIN unnest(:subscriptions, :listeners) AS a (subscription, listener)
          USING (subscription, listener)
        WHERE coalesce(t.taken_until, '-infinity') < hub_now() AND coalesce(t.next_at, '-infinity') <= hub_now()
          AND (SELECT true FROM ending e
            WHERE e.subscription = t.subscription AND e.listener = t.listener LIMIT 1)
        ORDER BY t.next_at NULLS FIRST LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
      RETURNING subscription, listener
      """;

  private static final String READ =
      """
      SELECT number, at, event FROM ending WHERE subscription = :subscription AND listener = :listener
      ORDER BY number LIMIT :most
      """;

  /** Numbers, not a range: one that was given earlier may be committed later. */
  private static final String TOLD =
      """
      WITH told AS (
        DELETE FROM ending WHERE subscription = :subscription AND listener = :listener
          AND number = ANY (:numbers))
      UPDATE ending_teller SET failures = 0, next_at = NULL,
        taken_until = hub_now() + :lease * interval '1 millisecond'
      WHERE subscription = :subscription AND listener = :listener
      """;

  private static final String LEAVE =
      """
      UPDATE ending_teller SET taken_until = NULL
      WHERE subscription = :subscription AND listener = :listener
      """;

  private static final String FAILED =
      """
      UPDATE ending_teller SET taken_until = NULL, failures = failures + 1,
        next_at = hub_now() + least(:first * power(2, least(failures, 20)), :most) * interval '1 millisecond'
      WHERE subscription = :subscription AND listener = :listener
      """;

  private static final String FORGET =
      "DELETE FROM ending WHERE at < hub_now() - :kept * interval '1 millisecond'";

  private final Database database;

  public Endings(Database database) {
    this.database = database;
  }

  /**
   * Takes, for so long, one of these for which there is something to tell; empty: there is none, or
   * others tell it.
   */
  public Optional<Telling> take(List<Telling> of, Duration lease) {
    var subscriptions = SqlArrays.column("text", of, Telling::subscription);
    var listeners = SqlArrays.column("text", of, telling -> telling.listener.word());
    return database.statement(
        () ->
            database
                .sql()
                .sql(TAKE)
                .param("subscriptions", subscriptions)
                .param("listeners", listeners)
                .param("lease", lease.toMillis())
                .query(
                    (row, n) ->
                        new Telling(
                            row.getString("subscription"),
                            Listener.valueOf(row.getString("listener").toUpperCase(Locale.ROOT))))
                .optional());
  }

  /** Those that may be taken from now on. */
  public void know(List<Telling> tellings) {
    var subscriptions = SqlArrays.column("text", tellings, Telling::subscription);
    var listeners = SqlArrays.column("text", tellings, telling -> telling.listener.word());
    database.statement(
        () ->
            database
                .sql()
                .sql(KNOW)
                .param("subscriptions", subscriptions)
                .param("listeners", listeners)
                .update());
  }

  /** The first that are to be told. */
  public List<Ending> read(Telling telling, int most) {
    return database.statement(
        () -> of(telling, READ).param("most", most).query(Endings::ending).list());
  }

  /** They were told; the caller goes on for so long. */
  public void told(Telling telling, List<Ending> endings, Duration lease) {
    database.statement(
        () ->
            of(telling, TOLD)
                .param("numbers", SqlArrays.column("int8", endings, Ending::number))
                .param("lease", lease.toMillis())
                .update());
  }

  /** Nothing is left to tell at present. */
  public void leave(Telling telling) {
    database.statement(() -> of(telling, LEAVE).update());
  }

  /** It could not be told: again after the first delay, which doubles up to the longest. */
  public void failed(Telling telling, Duration first, Duration longest) {
    database.statement(
        () ->
            of(telling, FAILED)
                .param("first", first.toMillis())
                .param("most", longest.toMillis())
                .update());
  }

  /** Gives up what could not be told for so long; returns how many. */
  public int forget(Duration kept) {
    return database.statement(
        () -> database.sql().sql(FORGET).param("kept", kept.toMillis()).update());
  }

  private StatementSpec of(Telling telling, String sql) {
    return database
        .sql()
        .sql(sql)
        .param("subscription", telling.subscription)
        .param("listener", telling.listener.word());
  }

  private static Ending ending(ResultSet row, int n) throws SQLException {
    try {
      return new Ending(
          row.getLong("number"),
          row.getObject("at", OffsetDateTime.class).toInstant(),
          JSON.readTree(row.getString("event")));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // PostgreSQL has checked it
    }
  }
}
