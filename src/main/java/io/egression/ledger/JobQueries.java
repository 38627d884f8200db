package io.egression.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient.StatementSpec;

/** Reads jobs. Thread safe. */
public final class JobQueries {
  /** A job as the API shows it in a list. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Summary(
      UUID id,
      String subscription,
      String source,
      String channel,
      String action,
      String objectType,
      List<String> objectIds,
      String partitionKey,
      @Nullable Long place,
      String state,
      @Nullable String reason,
      int attemptCount,
      int throttles,
      int limits,
      @Nullable Instant notBefore,
      Instant acceptedAt,
      @Nullable Instant finishedAt,
      @Nullable UUID batch,
      @Nullable Integer belt,
      @Nullable String correlationId) {}

  /** One call of the connector. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Attempt(
      int number,
      Instant startedAt,
      int tookMillis,
      String outcome,
      @Nullable Integer status,
      @Nullable String detail,
      @Nullable Instant nextAt) {}

  /** Something else that happened to the job. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Event(Instant at, String kind, @Nullable String detail, @Nullable String actor) {}

  /** The job's lane, for telling what it waits for. */
  public record Lane(
      String state,
      @Nullable String reason,
      @Nullable UUID reasonJob,
      @Nullable Instant readyAt,
      @Nullable Instant dueAt,
      boolean limited,
      @Nullable UUID firstJob,
      boolean configured,
      @Nullable Instant accountPausedUntil,
      @Nullable String accountPausedReason,
      String connector,
      @Nullable Instant connectorPausedUntil,
      @Nullable String connectorPausedReason,
      boolean queuePaused) {}

  /** A job with its lane. */
  public record Found(
      Summary job,
      List<String> pending,
      @Nullable UUID behind,
      @Nullable Instant scheduledAt,
      int deaths,
      Lane lane) {}

  /**
   * What a list shows.
   *
   * @param subscriptions null: all
   * @param before the cursor: only jobs accepted before this one
   */
  public record Filter(
      @Nullable Set<String> subscriptions,
      @Nullable String channel,
      @Nullable String state,
      @Nullable String objectType,
      @Nullable String objectId,
      @Nullable UUID before,
      int limit) {}

  private static final String COLUMNS =
      """
      j.job_id, a.subscription, j.source, a.channel, j.action, j.object_type, j.object_ids,
      l.partition_key, j.place, j.reason, j.attempts, j.throttles, j.limits, j.not_before, j.accepted_at,
      j.finished_at, j.batch_id, j.belt::int AS belt, j.correlation_id,
      CASE WHEN j.state = 'waiting' AND l.state = 'running' AND NOT EXISTS (
        SELECT FROM job e WHERE e.lane_id = j.lane_id AND e.place > l.final_place
          AND e.place < j.place AND e.state = 'waiting')
      THEN 'delivering' ELSE j.state END AS state
      """;

  private static final String FIND =
      "SELECT "
          + COLUMNS
          + """
          , coalesce(j.pending_ids, j.object_ids) AS pending, j.behind, j.scheduled_at, j.deaths,
          l.state AS lane_state, l.reason AS lane_reason, l.reason_job, l.ready_at, l.due_at, l.limited IS NOT NULL AS limited,
          (SELECT e.job_id FROM job e WHERE e.lane_id = l.lane_id AND e.place > l.final_place
           AND e.state = 'waiting' ORDER BY e.place LIMIT 1) AS first_job,
          a.configured, account_paused_until(a) AS paused_until,
          account_paused_reason(a) AS paused_reason, a.connector,
          connector_paused_until(c) AS connector_paused_until, connector_paused_reason(c) AS connector_paused_reason,
          c.queue_paused
          FROM job j JOIN lane l USING (lane_id) JOIN account a ON a.account_id = j.account_id
          JOIN connector c USING (connector)
          WHERE j.job_id = :id
          """;

  private static final String FIND_ALL = FIND.replace("= :id", "= ANY (:ids)");

  private static final String ATTEMPTS = "SELECT * FROM attempt WHERE job_id = :id ORDER BY number";

  private static final String EVENTS = "SELECT * FROM job_event WHERE job_id = :id ORDER BY at";

  private static final String LATER_DELETE =
      """
      SELECT d.job_id FROM job j
      CROSS JOIN LATERAL jobs_of(j.account_id, j.object_type, :object) d
      WHERE j.job_id = :id AND d.action = 'delete' AND d.job_id <> j.job_id
        AND d.accepted_at >= j.accepted_at AND d.state IN ('scheduled', 'gated', 'waiting')
      ORDER BY d.accepted_at LIMIT 1
      """;

  private final Database database;

  public JobQueries(Database database) {
    this.database = database;
  }

  public Optional<Found> find(UUID id) {
    return database.statement(
        () -> database.sql().sql(FIND).param("id", id).query(JobQueries::found).optional());
  }

  /** Those of the jobs that there are. */
  public List<Found> findAll(Collection<UUID> ids) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(FIND_ALL)
                .param("ids", SqlArrays.uuids(ids))
                .query(JobQueries::found)
                .list());
  }

  public List<Attempt> attempts(UUID id) {
    return database.statement(
        () -> database.sql().sql(ATTEMPTS).param("id", id).query(JobQueries::attempt).list());
  }

  public List<Event> events(UUID id) {
    return database.statement(
        () -> database.sql().sql(EVENTS).param("id", id).query(JobQueries::event).list());
  }

  /** The latest jobs that match, newest first, at most {@code limit}. */
  public List<Summary> list(Filter filter) {
    String jobs =
        filter.objectType != null
            ? "jobs_of(a.account_id, :type, :object)"
            : "(SELECT * FROM job WHERE job.account_id = a.account_id)";
    List<String> conditions = new ArrayList<>(List.of("true"));
    addIf(conditions, filter.before, "j.job_id < :before");
    addIf(conditions, filter.state, stateCondition(filter.state));
    String perAccount =
        "SELECT j.* FROM "
            + jobs
            + " j JOIN lane l USING (lane_id) WHERE "
            + String.join(" AND ", conditions)
            + " ORDER BY j.job_id DESC LIMIT :limit";
    List<String> accounts = new ArrayList<>(List.of("true"));
    addIf(accounts, filter.subscriptions, "a.subscription = ANY (:subscriptions)");
    addIf(accounts, filter.channel, "a.channel = :channel");
    String sql =
        "SELECT "
            + COLUMNS
            + " FROM account a CROSS JOIN LATERAL ("
            + perAccount
            + ") j JOIN lane l USING (lane_id) WHERE "
            + String.join(" AND ", accounts)
            + " ORDER BY j.job_id DESC LIMIT :limit";
    return database.statement(
        () -> parameters(database.sql().sql(sql), filter).query(JobQueries::summary).list());
  }

  private static void addIf(List<String> list, @Nullable Object given, String condition) {
    if (given != null) {
      list.add(condition);
    }
  }

  /** `delivering` is derived: the first open job of a running lane. */
  private static String stateCondition(@Nullable String state) {
    String first =
        """
        (l.state = 'running' AND NOT EXISTS (SELECT FROM job e WHERE e.lane_id = j.lane_id
         AND e.place > l.final_place AND e.place < j.place AND e.state = 'waiting'))
        """;
    if ("delivering".equals(state)) {
      return "j.state = 'waiting' AND " + first;
    }
    if ("waiting".equals(state)) {
      return "j.state = 'waiting' AND NOT " + first;
    }
    return "dead".equals(state) ? "j.died_at IS NOT NULL" : "j.state = :state";
  }

  private static StatementSpec parameters(StatementSpec statement, Filter filter) {
    StatementSpec spec = statement.param("limit", filter.limit);
    if (filter.subscriptions != null) {
      spec = spec.param("subscriptions", SqlArrays.texts(filter.subscriptions));
    }
    return spec.param("channel", filter.channel)
        .param("state", filter.state)
        .param("type", filter.objectType)
        .param("object", filter.objectId)
        .param("before", filter.before);
  }

  /** An open delete of the object, accepted after the job, for the same account. */
  public Optional<UUID> laterDelete(UUID id, String object) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(LATER_DELETE)
                .param("id", id)
                .param("object", object)
                .query(UUID.class)
                .optional());
  }

  private static Summary summary(ResultSet row, int n) throws SQLException {
    return new Summary(
        row.getObject("job_id", UUID.class),
        row.getString("subscription"),
        row.getString("source"),
        row.getString("channel"),
        row.getString("action"),
        row.getString("object_type"),
        List.of((String[]) row.getArray("object_ids").getArray()),
        row.getString("partition_key"),
        row.getObject("place", Long.class),
        row.getString("state"),
        row.getString("reason"),
        row.getInt("attempts"),
        row.getInt("throttles"),
        row.getInt("limits"),
        instant(row, "not_before"),
        row.getObject("accepted_at", OffsetDateTime.class).toInstant(),
        instant(row, "finished_at"),
        row.getObject("batch_id", UUID.class),
        row.getObject("belt", Integer.class),
        row.getString("correlation_id"));
  }

  private static Found found(ResultSet row, int n) throws SQLException {
    return new Found(
        summary(row, n),
        List.of((String[]) row.getArray("pending").getArray()),
        row.getObject("behind", UUID.class),
        instant(row, "scheduled_at"),
        row.getInt("deaths"),
        new Lane(
            row.getString("lane_state"),
            row.getString("lane_reason"),
            row.getObject("reason_job", UUID.class),
            instant(row, "ready_at"),
            instant(row, "due_at"),
            row.getBoolean("limited"),
            row.getObject("first_job", UUID.class),
            row.getBoolean("configured"),
            instant(row, "paused_until"),
            row.getString("paused_reason"),
            row.getString("connector"),
            instant(row, "connector_paused_until"),
            row.getString("connector_paused_reason"),
            row.getBoolean("queue_paused")));
  }

  private static Attempt attempt(ResultSet row, int n) throws SQLException {
    return new Attempt(
        row.getInt("number"),
        row.getObject("started_at", OffsetDateTime.class).toInstant(),
        row.getInt("took_ms"),
        row.getString("outcome"),
        row.getObject("status", Integer.class),
        row.getString("detail"),
        instant(row, "next_at"));
  }

  private static Event event(ResultSet row, int n) throws SQLException {
    return new Event(
        row.getObject("at", OffsetDateTime.class).toInstant(),
        row.getString("kind"),
        row.getString("detail"),
        row.getString("actor"));
  }

  /** Null where the column is; `infinity` is the latest instant that JSON can say. */
  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    if (value == null) {
      return null;
    }
    return value.getYear() > 9999 ? Instant.parse("9999-12-31T23:59:59Z") : value.toInstant();
  }
}
