package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads why jobs are dead, grouped. Thread safe. */
public final class DeadReasons {
  /**
   * Dead jobs of an account for one reason.
   *
   * @param examples the latest of them, at most five
   */
  public record Group(
      String subscription,
      String channel,
      String connector,
      String objectType,
      String reason,
      long count,
      Instant first,
      Instant last,
      List<UUID> examples) {}

  /**
   * @param more there are further groups, or dead jobs that were not looked at
   */
  public record Found(List<Group> groups, boolean more) {}

  /** The latest so many of each account are looked at. */
  public static final int MOST = 10_000;

  private static final String GROUPS =
      """
      SELECT a.subscription, a.channel, a.connector, j.object_type, j.reason, count(*) AS count,
        min(j.died_at) AS first, max(j.died_at) AS last,
        (array_agg(j.job_id ORDER BY j.died_at DESC))[1\\:5] AS examples
      FROM account a
      CROSS JOIN LATERAL (
        SELECT job_id, object_type, died_at, coalesce(reason, '') AS reason FROM job
        WHERE job.account_id = a.account_id AND died_at IS NOT NULL
        ORDER BY job_id DESC LIMIT :most) j
      WHERE (cast(:subscriptions AS text[]) IS NULL OR a.subscription = ANY (:subscriptions))
        AND (cast(:channel AS text) IS NULL OR a.channel = :channel)
      GROUP BY a.subscription, a.channel, a.connector, j.object_type, j.reason
      ORDER BY count DESC, last DESC
      """;

  private final Database database;

  public DeadReasons(Database database) {
    this.database = database;
  }

  /**
   * The largest groups first.
   *
   * @param subscriptions null: all
   * @param channel null: any
   */
  public Found groups(@Nullable Set<String> subscriptions, @Nullable String channel, int limit) {
    List<Group> groups =
        database.statement(
            () ->
                database
                    .sql()
                    .sql(GROUPS)
                    .param("most", MOST)
                    .param(
                        "subscriptions",
                        subscriptions == null ? null : subscriptions.toArray(String[]::new),
                        java.sql.Types.ARRAY)
                    .param("channel", channel)
                    .query(DeadReasons::group)
                    .list());
    boolean older =
        groups.stream()
            .collect(
                Collectors.groupingBy(
                    group -> group.subscription + "/" + group.channel,
                    Collectors.summingLong(Group::count)))
            .containsValue((long) MOST);
    return new Found(
        groups.subList(0, Math.min(limit, groups.size())), older || groups.size() > limit);
  }

  private static Group group(ResultSet row, int n) throws SQLException {
    return new Group(
        row.getString("subscription"),
        row.getString("channel"),
        row.getString("connector"),
        row.getString("object_type"),
        row.getString("reason"),
        row.getLong("count"),
        row.getObject("first", OffsetDateTime.class).toInstant(),
        row.getObject("last", OffsetDateTime.class).toInstant(),
        List.of((UUID[]) row.getArray("examples").getArray()));
  }
}
