package io.egression.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.job.AccountKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads how accounts stand. Thread safe. */
public final class AccountQueries {
  /**
   * An account as it stands.
   *
   * @param open jobs with a place that are not final
   * @param lanes how many of its lanes are in each state, idle ones aside
   * @param pausedUntil absent with a reason: until an operator resumes it
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Standing(
      String subscription,
      String channel,
      String connector,
      boolean configured,
      int window,
      long open,
      long dead,
      Map<String, Integer> lanes,
      @Nullable String paused,
      @Nullable Instant pausedUntil,
      @Nullable String connectorPaused,
      @Nullable Instant connectorPausedUntil) {}

  private static final String ALL =
      """
      SELECT account_paused_until(a) AS closed_until, account_paused_reason(a) AS closed_reason,
        a.*, connector_paused_until(c) AS connector_until, connector_paused_reason(c) AS connector_reason,
        coalesce((SELECT sum(open) FROM lane l WHERE l.account_id = a.account_id), 0) AS open,
        (SELECT count(*) FROM job j WHERE j.account_id = a.account_id AND j.died_at IS NOT NULL) AS dead,
        (SELECT json_object_agg(state, n)::text FROM (
          SELECT state, count(*) AS n FROM lane l
          WHERE l.account_id = a.account_id AND state <> 'idle' GROUP BY state) s) AS lanes,
        hub_now() AS now
      FROM account a JOIN connector c USING (connector)
      ORDER BY a.subscription, a.channel
      """;

  private final Database database;

  public AccountQueries(Database database) {
    this.database = database;
  }

  /**
   * @param subscriptions null: all
   */
  public List<Standing> all(@Nullable Set<String> subscriptions) {
    return database.statement(
        () ->
            database.sql().sql(ALL).query(AccountQueries::standing).list().stream()
                .filter(a -> subscriptions == null || subscriptions.contains(a.subscription))
                .toList());
  }

  /** Whether there is, or was, such an account. */
  public boolean isKnown(AccountKey account) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(
                    "SELECT EXISTS (SELECT FROM account"
                        + " WHERE subscription = :subscription AND channel = :channel)")
                .param("subscription", account.subscription())
                .param("channel", account.channel())
                .query(Boolean.class)
                .single());
  }

  /** Whether an account has, or had, this connector. */
  public boolean isConnector(String connector) {
    return database.statement(
        () ->
            database
                .sql()
                .sql("SELECT EXISTS (SELECT FROM connector WHERE connector = :connector)")
                .param("connector", connector)
                .query(Boolean.class)
                .single());
  }

  private static Standing standing(ResultSet row, int n) throws SQLException {
    Instant now = row.getObject("now", OffsetDateTime.class).toInstant();
    Instant until = until(row, "closed_until", now);
    Instant connectorUntil = until(row, "connector_until", now);
    return new Standing(
        row.getString("subscription"),
        row.getString("channel"),
        row.getString("connector"),
        row.getBoolean("configured"),
        row.getInt("window_size"),
        row.getLong("open"),
        row.getLong("dead"),
        lanes(row.getString("lanes")),
        until == null ? null : row.getString("closed_reason"),
        finite(until),
        connectorUntil == null ? null : row.getString("connector_reason"),
        finite(connectorUntil));
  }

  private static Map<String, Integer> lanes(@Nullable String json) {
    Map<String, Integer> lanes = new TreeMap<>();
    if (json != null) {
      for (String entry : json.replaceAll("[{}\" ]", "").split(",")) {
        lanes.put(
            entry.substring(0, entry.indexOf(':')),
            Integer.parseInt(entry.substring(entry.indexOf(':') + 1)));
      }
    }
    return lanes;
  }

  private static @Nullable Instant until(ResultSet row, String column, Instant now)
      throws SQLException {
    OffsetDateTime until = row.getObject(column, OffsetDateTime.class);
    return until == null || !until.toInstant().isAfter(now) ? null : until.toInstant();
  }

  private static @Nullable Instant finite(@Nullable Instant until) {
    return until == null || until.isAfter(Instant.parse("9999-01-01T00:00:00Z")) ? null : until;
  }
}
