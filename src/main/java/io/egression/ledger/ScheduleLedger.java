package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** When recurring jobs are made next, for all nodes. Thread safe. */
public final class ScheduleLedger {
  /**
   * @param lastAt the time for which jobs were made last
   * @param lastError why the last ones could not be made
   */
  public record Entry(
      String schedule,
      String definition,
      Instant nextAt,
      @Nullable Instant lastAt,
      @Nullable String lastError) {}

  private static final String PLAN =
      """
      INSERT INTO schedule AS s (schedule, definition, next_at) VALUES (:schedule, :definition, :next)
      ON CONFLICT (schedule) DO UPDATE SET definition = excluded.definition, next_at = excluded.next_at
      WHERE s.definition <> excluded.definition
      """;

  private static final String DUE = "SELECT * FROM schedule WHERE next_at <= hub_now()";

  private static final String ALL = "SELECT * FROM schedule ORDER BY schedule";

  private static final String MOVE =
      """
      UPDATE schedule SET next_at = :next, last_at = coalesce(:last, last_at), last_error = :error
      WHERE schedule = :schedule AND next_at = :due
      """;

  private final Database database;

  public ScheduleLedger(Database database) {
    this.database = database;
  }

  /** Plans it anew, if it is not known or what decides when has changed. */
  public void plan(String schedule, String definition, Instant next) {
    database.statement(
        () ->
            database
                .sql()
                .sql(PLAN)
                .param("schedule", schedule)
                .param("definition", definition)
                .param("next", timestamp(next))
                .update());
  }

  public List<Entry> due() {
    return database.statement(() -> database.sql().sql(DUE).query(ScheduleLedger::entry).list());
  }

  public List<Entry> all() {
    return database.statement(() -> database.sql().sql(ALL).query(ScheduleLedger::entry).list());
  }

  /** Moves it on, unless another node has. */
  public void move(Entry entry, Instant next, @Nullable Instant last, @Nullable String error) {
    database.statement(
        () ->
            database
                .sql()
                .sql(MOVE)
                .param("schedule", entry.schedule)
                .param("due", timestamp(entry.nextAt))
                .param("next", timestamp(next))
                .param(
                    "last",
                    last == null ? null : timestamp(last),
                    java.sql.Types.TIMESTAMP_WITH_TIMEZONE)
                .param("error", error, java.sql.Types.VARCHAR)
                .update());
  }

  private static OffsetDateTime timestamp(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  private static Entry entry(ResultSet row, int n) throws SQLException {
    OffsetDateTime last = row.getObject("last_at", OffsetDateTime.class);
    return new Entry(
        row.getString("schedule"),
        row.getString("definition"),
        row.getObject("next_at", OffsetDateTime.class).toInstant(),
        last == null ? null : last.toInstant(),
        row.getString("last_error"));
  }
}
