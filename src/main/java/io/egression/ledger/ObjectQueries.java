package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads what became of an object, for each account. Thread safe. */
public final class ObjectQueries {
  /**
   * @param last the latest job that names the object; null: none ever did
   * @param delivered what the account's channel was sent last; null: nothing
   */
  public record Trace(
      String subscription,
      String channel,
      String connector,
      @Nullable UUID last,
      @Nullable Delivered delivered) {}

  /** A job that was delivered. */
  public record Delivered(UUID job, String action, Instant at) {}

  /** More accounts than this are not told of. */
  public static final int MOST = 500;

  private static final String TRACES =
      """
      SELECT a.subscription, a.channel, a.connector, j.job_id AS last,
        d.job_id AS delivered, d.action AS delivered_action, d.finished_at AS delivered_at
      FROM account a
      LEFT JOIN LATERAL (
        SELECT job_id FROM jobs_of(a.account_id, :type, :id) ORDER BY turn DESC LIMIT 1) j ON true
      LEFT JOIN LATERAL (
        SELECT job_id, action, finished_at FROM jobs_of(a.account_id, :type, :id)
        WHERE state = 'delivered' ORDER BY finished_at DESC, turn DESC LIMIT 1) d ON j.job_id IS NOT NULL
      WHERE (cast(:subscriptions AS text[]) IS NULL OR a.subscription = ANY (:subscriptions))
        AND (a.configured OR j.job_id IS NOT NULL)
      ORDER BY j.job_id IS NULL, a.subscription, a.channel LIMIT :most
      """;

  private final Database database;

  public ObjectQueries(Database database) {
    this.database = database;
  }

  /**
   * One for each account, those first where something is known of the object.
   *
   * @param subscriptions null: all
   */
  public List<Trace> traces(String type, String id, @Nullable Set<String> subscriptions) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(TRACES)
                .param("type", type)
                .param("id", id)
                .param(
                    "subscriptions",
                    subscriptions == null ? null : subscriptions.toArray(String[]::new),
                    java.sql.Types.ARRAY)
                .param("most", MOST)
                .query(ObjectQueries::trace)
                .list());
  }

  private static Trace trace(ResultSet row, int n) throws SQLException {
    UUID delivered = row.getObject("delivered", UUID.class);
    return new Trace(
        row.getString("subscription"),
        row.getString("channel"),
        row.getString("connector"),
        row.getObject("last", UUID.class),
        delivered == null
            ? null
            : new Delivered(
                delivered,
                row.getString("delivered_action"),
                row.getObject("delivered_at", OffsetDateTime.class).toInstant()));
  }
}
