package io.egression.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who did what to accounts, connectors, keys and many jobs at once. What was done to one job is in
 * its own events. Thread safe.
 */
public final class Audit {
  /**
   * @param subscription absent: it concerns all
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Entry(
      long number,
      Instant at,
      String actor,
      String action,
      @Nullable String subscription,
      String subject) {}

  private static final String ADD =
      """
      INSERT INTO audit (actor, action, subscription, subject)
      VALUES (:actor, :action, :subscription, :subject)
      """;

  private static final String LIST =
      """
      SELECT * FROM audit
      WHERE number < coalesce(cast(:before AS bigint), 9223372036854775807)
        AND (cast(:subscriptions AS text[]) IS NULL OR subscription = ANY (:subscriptions))
      ORDER BY number DESC LIMIT :limit
      """;

  private final Database database;

  public Audit(Database database) {
    this.database = database;
  }

  /**
   * Notes what is about to be done.
   *
   * @param subscription null: it concerns all
   */
  public void note(String actor, String action, @Nullable String subscription, String subject) {
    database.statement(
        () ->
            database
                .sql()
                .sql(ADD)
                .param("actor", actor)
                .param("action", action)
                .param("subscription", subscription)
                .param("subject", subject)
                .update());
  }

  /**
   * The newest first.
   *
   * @param subscriptions null: all
   * @param before null: from the newest on
   */
  public List<Entry> list(@Nullable Set<String> subscriptions, @Nullable Long before, int limit) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(LIST)
                .param("before", before, java.sql.Types.BIGINT)
                .param(
                    "subscriptions",
                    subscriptions == null ? null : subscriptions.toArray(String[]::new),
                    java.sql.Types.ARRAY)
                .param("limit", limit)
                .query(Audit::entry)
                .list());
  }

  private static Entry entry(ResultSet row, int n) throws SQLException {
    return new Entry(
        row.getLong("number"),
        row.getObject("at", OffsetDateTime.class).toInstant(),
        row.getString("actor"),
        row.getString("action"),
        row.getString("subscription"),
        row.getString("subject"));
  }
}
