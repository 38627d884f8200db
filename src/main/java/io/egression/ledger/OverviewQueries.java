package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads how everything stands, in a time that depends on the number of accounts and keys, not on
 * that of jobs. Thread safe.
 */
public final class OverviewQueries {
  /** Until when something is paused, and why; {@code forever}: until an operator resumes it. */
  public record Pause(Instant until, boolean forever, String reason) {}

  /** Why lanes wait, and until when the first of them does. */
  public record Waiting(@Nullable Instant until, @Nullable String reason) {}

  /** The oldest job that is first in its lane. */
  public record Oldest(UUID job, Instant acceptedAt) {}

  /**
   * An account's lanes.
   *
   * @param open jobs with a place
   * @param unplaced jobs that are not due, or behind another job of their object
   */
  public record Lanes(
      long open, long unplaced, int ready, int queued, int running, int waiting, int held) {}

  /**
   * @param dead at most {@link #MOST_DEAD}
   */
  public record AccountRow(
      int id,
      String subscription,
      String channel,
      String connector,
      boolean configured,
      int window,
      Lanes lanes,
      long dead,
      @Nullable Oldest oldest,
      @Nullable Pause paused,
      @Nullable Pause connectorPaused,
      @Nullable Waiting limited,
      @Nullable Waiting retry,
      @Nullable String held) {}

  /** A minute of an account. */
  public record Minute(
      int ago, int accepted, int calls, int delivered, int failed, int throttled, int dead) {}

  /** More dead jobs than this are not counted. */
  public static final int MOST_DEAD = 10_001;

  /** Of so many lanes that have waited long the oldest job is looked for. */
  private static final int LOOKED_AT = 200;

  private static final Instant FOREVER = Instant.parse("9999-01-01T00:00:00Z");

  private static final String ACCOUNTS =
      """
      SELECT account_paused_until(a) AS closed_until, account_paused_reason(a) AS closed_reason,
        a.*, connector_paused_until(c) AS connector_until, connector_paused_reason(c) AS connector_reason,
        l.*, o.job_id AS oldest_job, o.accepted_at AS oldest_at, d.dead, hub_now() AS now
      FROM account a JOIN connector c USING (connector)
      LEFT JOIN (
        SELECT account_id, sum(open) AS open, sum(unplaced) AS unplaced,
          count(*) FILTER (WHERE state = 'ready') AS ready,
          count(*) FILTER (WHERE state = 'queued') AS queued,
          count(*) FILTER (WHERE state = 'running') AS running,
          count(*) FILTER (WHERE state = 'waiting') AS waiting,
          count(*) FILTER (WHERE state = 'held') AS held,
          min(reason) FILTER (WHERE state = 'held') AS held_reason,
          min(due_at) FILTER (WHERE state = 'waiting' AND limited IS NOT NULL) AS limited_until,
          min(reason) FILTER (WHERE state = 'waiting' AND limited IS NOT NULL) AS limited_reason,
          min(due_at) FILTER (WHERE state = 'waiting' AND limited IS NULL) AS retry_until,
          min(reason) FILTER (WHERE state = 'waiting' AND limited IS NULL) AS retry_reason
        FROM lane WHERE state <> 'idle' OR unplaced > 0 GROUP BY account_id) l USING (account_id)
      LEFT JOIN LATERAL (
        SELECT e.job_id, e.accepted_at
        FROM (SELECT lane_id, final_place FROM lane
              WHERE account_id = a.account_id AND state <> 'idle'
              ORDER BY coalesce(ready_at, queued_at, claimed_at) LIMIT :lanes) f
        CROSS JOIN LATERAL (
          SELECT job_id, accepted_at FROM job
          WHERE job.lane_id = f.lane_id AND place > f.final_place AND job.state = 'waiting'
          ORDER BY place LIMIT 1) e
        ORDER BY e.accepted_at LIMIT 1) o ON l.open > 0
      CROSS JOIN LATERAL (
        SELECT count(*) AS dead FROM (
          SELECT FROM job WHERE job.account_id = a.account_id AND died_at IS NOT NULL
          LIMIT :dead) n) d
      ORDER BY a.connector, a.subscription, a.channel
      """;

  private static final String MINUTES =
      """
      SELECT v.*, (extract(epoch FROM date_trunc('minute', hub_now()) - minute) / 60)::integer AS ago
      FROM account a JOIN activity v USING (account_id)
      WHERE v.minute > date_trunc('minute', hub_now()) - :minutes * interval '1 minute'
      """;

  private final Database database;

  public OverviewQueries(Database database) {
    this.database = database;
  }

  public List<AccountRow> accounts() {
    return database.statement(
        () ->
            database
                .sql()
                .sql(ACCOUNTS)
                .param("lanes", LOOKED_AT)
                .param("dead", MOST_DEAD)
                .query(OverviewQueries::account)
                .list());
  }

  /** By account, its minutes in which something happened, of so many. */
  public Map<Integer, List<Minute>> minutes(int minutes) {
    Map<Integer, List<Minute>> byAccount = new HashMap<>();
    database.statement(
        () -> {
          database
              .sql()
              .sql(MINUTES)
              .param("minutes", minutes)
              .query(
                  row -> {
                    byAccount
                        .computeIfAbsent(
                            row.getInt("account_id"), id -> new java.util.ArrayList<>())
                        .add(minute(row));
                  });
          return byAccount;
        });
    return byAccount;
  }

  private static Minute minute(ResultSet row) throws SQLException {
    return new Minute(
        row.getInt("ago"),
        row.getInt("accepted"),
        row.getInt("calls"),
        row.getInt("delivered"),
        row.getInt("failed"),
        row.getInt("throttled"),
        row.getInt("dead"));
  }

  private static AccountRow account(ResultSet row, int n) throws SQLException {
    Instant oldest = instant(row, "oldest_at");
    return new AccountRow(
        row.getInt("account_id"),
        row.getString("subscription"),
        row.getString("channel"),
        row.getString("connector"),
        row.getBoolean("configured"),
        row.getInt("window_size"),
        lanes(row),
        row.getLong("dead"),
        oldest == null ? null : new Oldest(row.getObject("oldest_job", UUID.class), oldest),
        pause(row, "closed_until", "closed_reason"),
        pause(row, "connector_until", "connector_reason"),
        waiting(row, "limited_until", "limited_reason"),
        waiting(row, "retry_until", "retry_reason"),
        row.getString("held_reason"));
  }

  private static Lanes lanes(ResultSet row) throws SQLException {
    return new Lanes(
        row.getLong("open"),
        row.getLong("unplaced"),
        row.getInt("ready"),
        row.getInt("queued"),
        row.getInt("running"),
        row.getInt("waiting"),
        row.getInt("held"));
  }

  private static @Nullable Waiting waiting(ResultSet row, String until, String reason)
      throws SQLException {
    String why = row.getString(reason);
    return why == null ? null : new Waiting(instant(row, until), why);
  }

  private static @Nullable Pause pause(ResultSet row, String until, String reason)
      throws SQLException {
    Instant end = instant(row, until);
    if (end == null || !end.isAfter(row.getObject("now", OffsetDateTime.class).toInstant())) {
      return null;
    }
    String why = row.getString(reason);
    return new Pause(end, end.isAfter(FOREVER), why == null ? "" : why);
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }
}
