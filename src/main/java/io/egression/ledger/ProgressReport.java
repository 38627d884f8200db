package io.egression.ledger;

import java.time.Duration;
import java.util.List;

/** Counts the jobs of one source, per channel and object type. Thread safe. */
public final class ProgressReport {
  /**
   * @param retried jobs that were called more than once
   * @param throttled jobs that a limit kept back
   * @param took from the first acceptance to the last end
   */
  public record Line(
      String channel,
      String objectType,
      int jobs,
      int delivered,
      int retried,
      int throttled,
      int dead,
      int otherwiseFinal,
      Duration took) {}

  private static final String COUNT =
      """
      SELECT a.channel, j.object_type, count(*) AS jobs,
        count(*) FILTER (WHERE j.state = 'delivered') AS delivered,
        count(*) FILTER (WHERE j.failures > 0) AS retried,
        count(*) FILTER (WHERE j.throttles + j.limits > 0) AS throttled,
        count(*) FILTER (WHERE j.state = 'dead') AS dead,
        count(*) FILTER (WHERE j.state IN ('filtered', 'superseded', 'cancelled')) AS otherwise,
        extract(epoch FROM max(coalesce(j.finished_at, hub_now())) - min(j.accepted_at)) * 1000 AS ms
      FROM account a JOIN job j USING (account_id)
      WHERE a.subscription = :subscription AND j.source = :source
      GROUP BY a.channel, j.object_type, a.account_id
      ORDER BY a.channel, min(j.job_id::text)
      """;

  private final Database database;

  public ProgressReport(Database database) {
    this.database = database;
  }

  public List<Line> of(String subscription, String source) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(COUNT)
                .param("subscription", subscription)
                .param("source", source)
                .query(
                    (row, n) ->
                        new Line(
                            row.getString("channel"),
                            row.getString("object_type"),
                            row.getInt("jobs"),
                            row.getInt("delivered"),
                            row.getInt("retried"),
                            row.getInt("throttled"),
                            row.getInt("dead"),
                            row.getInt("otherwise"),
                            Duration.ofMillis(row.getLong("ms"))))
                .list());
  }
}
