package io.egression.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.job.ObjectRef;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Batches and their belts. Thread safe. */
public final class BatchLedger {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A batch to be made. */
  public record NewBatch(
      UUID id,
      String subscription,
      String source,
      @Nullable String name,
      List<List<String>> belts,
      String onDead,
      Duration sealAfter) {}

  /**
   * A batch.
   *
   * @param belts the object types of each belt
   * @param closedBelts so many of the first belts take no more jobs
   * @param lateSince since when it has been open for longer than it should
   */
  public record Batch(
      UUID id,
      String subscription,
      String source,
      @Nullable String name,
      List<List<String>> belts,
      String onDead,
      Instant createdAt,
      Instant sealDue,
      @Nullable Instant sealedAt,
      int closedBelts,
      @Nullable Instant lateSince,
      @Nullable String cancelledBy) {}

  /**
   * One account's belt.
   *
   * @param open neither final nor dead
   * @param deadJobs some of the dead
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Belt(
      String channel,
      int belt,
      int total,
      int open,
      int dead,
      @Nullable Instant openedAt,
      @Nullable String releasedBy,
      List<UUID> deadJobs) {
    /** Whether the next one may follow. */
    public boolean isDone(boolean goesOnAfterDead) {
      return open == 0 && (dead == 0 || goesOnAfterDead || releasedBy != null);
    }
  }

  private static final String MAKE =
      """
      INSERT INTO batch (batch_id, subscription, source, name, belts, on_dead, seal_due)
      VALUES (:id, :subscription, :source, :name, :belts::jsonb, :onDead,
        hub_now() + :sealAfter * interval '1 millisecond')
      ON CONFLICT DO NOTHING
      """;

  private static final String FIND = "SELECT * FROM batch WHERE batch_id = :id";

  private static final String LIST =
      """
      SELECT * FROM batch
      WHERE cast(:subscriptions AS text[]) IS NULL OR subscription = ANY (:subscriptions)
      ORDER BY created_at DESC LIMIT :limit
      """;

  private static final String BELTS =
      """
      SELECT a.channel, b.belt, b.opened_at, b.released_by,
        b.total + coalesce(sum(c.total), 0) AS total, b.open + coalesce(sum(c.open), 0) AS open,
        b.dead + coalesce(sum(c.dead), 0) AS dead,
        ARRAY(SELECT job_id FROM job j WHERE j.account_id = b.account_id AND j.died_at IS NOT NULL
              AND j.batch_id = b.batch_id AND j.belt = b.belt LIMIT 10) AS dead_jobs
      FROM batch_belt b JOIN account a USING (account_id)
      LEFT JOIN batch_change c USING (batch_id, account_id, belt)
      WHERE b.batch_id = :id
      GROUP BY a.channel, b.batch_id, b.account_id, b.belt
      ORDER BY a.channel, b.belt
      """;

  private static final String SEAL =
      "UPDATE batch SET sealed_at = hub_now() WHERE batch_id = :id AND sealed_at IS NULL";

  private static final String CLOSE =
      """
      UPDATE batch SET closed_belts = greatest(closed_belts, :belt)
      WHERE batch_id = :id AND sealed_at IS NULL
      """;

  private static final String RELEASE =
      """
      UPDATE batch_belt b SET released_by = :actor FROM account a
      WHERE a.account_id = b.account_id AND b.batch_id = :id AND b.released_by IS NULL
        AND b.belt <= :belt AND (cast(:channel AS text) IS NULL OR a.channel = :channel)
      """;

  private static final String PRESENT =
      """
      SELECT o.object_type, o.object_id FROM unnest(:types, :objects) AS o (object_type, object_id)
      WHERE EXISTS (
        SELECT FROM batch b JOIN account a USING (subscription)
        CROSS JOIN LATERAL jobs_of(a.account_id, o.object_type, o.object_id) j
        WHERE b.batch_id = :id AND j.batch_id = b.batch_id)
      """;

  /** Jobs that wait for dead ones of these belts are looked at again. */
  private static final String LOOK_AGAIN =
      """
      UPDATE job g SET state = 'scheduled', scheduled_at = hub_now(), behind = NULL
      FROM job b JOIN account a USING (account_id)
      WHERE g.behind = b.job_id AND g.state = 'gated' AND b.state = 'dead'
        AND b.batch_id = :id AND b.belt <= :belt
        AND (cast(:channel AS text) IS NULL OR a.channel = :channel)
      """;

  private static final String CANCEL =
      """
      UPDATE batch SET cancelled_by = :actor, sealed_at = coalesce(sealed_at, hub_now())
      WHERE batch_id = :id AND cancelled_by IS NULL
      """;

  /** One node at a time adds up and opens; the others need not wait. */
  private static final String TURN = "SELECT pg_try_advisory_xact_lock(7002, 0)";

  private static final String ADD_UP =
      """
      WITH taken AS (DELETE FROM batch_change RETURNING *),
      summed AS (
        SELECT batch_id, account_id, belt, sum(total)::int AS total, sum(open)::int AS open,
          sum(dead)::int AS dead
        FROM taken GROUP BY 1, 2, 3)
      UPDATE batch_belt b SET total = b.total + s.total, open = b.open + s.open, dead = b.dead + s.dead
      FROM summed s WHERE (b.batch_id, b.account_id, b.belt) = (s.batch_id, s.account_id, s.belt)
      """;

  /** What joined after the adding up, and before its batch was sealed, is a change still. */
  private static final String OPEN =
      """
      UPDATE batch_belt b SET opened_at = hub_now() FROM batch t
      WHERE t.batch_id = b.batch_id AND b.opened_at IS NULL
        AND (t.sealed_at IS NOT NULL OR t.closed_belts >= b.belt - 1)
        AND NOT EXISTS (
          SELECT FROM batch_belt e
          WHERE e.batch_id = b.batch_id AND e.account_id = b.account_id AND e.belt < b.belt
            AND (e.open > 0 OR (e.dead > 0 AND t.on_dead = 'hold' AND e.released_by IS NULL)))
        AND NOT EXISTS (
          SELECT FROM batch_change c
          WHERE c.batch_id = b.batch_id AND c.account_id = b.account_id AND c.belt < b.belt)
      """;

  private static final String FILLED =
      """
      UPDATE batch_belt b SET filled = true FROM batch t
      WHERE t.batch_id = b.batch_id AND b.opened_at IS NOT NULL AND NOT b.filled
        AND (t.sealed_at IS NOT NULL OR t.closed_belts >= b.belt)
        AND NOT EXISTS (SELECT FROM job j WHERE j.closed_belt = b.batch_id
          AND j.account_id = b.account_id AND j.belt = b.belt)
      """;

  private static final String LATE =
      """
      UPDATE batch SET late_since = hub_now()
      WHERE seal_due <= hub_now() AND sealed_at IS NULL AND late_since IS NULL
      RETURNING *
      """;

  private static final String TO_CANCEL =
      """
      SELECT j.job_id, t.batch_id, t.cancelled_by FROM batch t
      JOIN LATERAL (
        SELECT job_id FROM job
        WHERE job.batch_id = t.batch_id AND job_id > coalesce(t.cancelled_to, '00000000-0000-0000-0000-000000000000')
        ORDER BY job_id LIMIT :step) j ON true
      WHERE t.cancelled_by IS NOT NULL ORDER BY t.batch_id, j.job_id LIMIT :step
      """;

  private static final String CANCELLED =
      "UPDATE batch SET cancelled_to = :job WHERE batch_id = :batch";

  /** A job to be cancelled with its batch. */
  public record ToCancel(UUID job, UUID batch, String by) {}

  private final Database database;

  public BatchLedger(Database database) {
    this.database = database;
  }

  /** Makes it, unless there is one of this id: then it stays as it is. */
  public void make(NewBatch batch) {
    database.statement(
        () ->
            database
                .sql()
                .sql(MAKE)
                .param("id", batch.id)
                .param("subscription", batch.subscription)
                .param("source", batch.source)
                .param("name", batch.name)
                .param("belts", JSON.valueToTree(batch.belts).toString())
                .param("onDead", batch.onDead)
                .param("sealAfter", batch.sealAfter.toMillis())
                .update());
  }

  public Optional<Batch> find(UUID id) {
    return database.statement(
        () -> database.sql().sql(FIND).param("id", id).query(BatchLedger::batch).optional());
  }

  /**
   * The latest.
   *
   * @param subscriptions null: all
   */
  public List<Batch> latest(@Nullable Set<String> subscriptions, int limit) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(LIST)
                .param(
                    "subscriptions",
                    subscriptions == null ? null : subscriptions.toArray(String[]::new),
                    Types.ARRAY)
                .param("limit", limit)
                .query(BatchLedger::batch)
                .list());
  }

  /** Of each channel, its belts as they stand. */
  public List<Belt> belts(UUID id) {
    return database.statement(
        () -> database.sql().sql(BELTS).param("id", id).query(BatchLedger::belt).list());
  }

  /** No more jobs join; false if that was so before. */
  public boolean seal(UUID id) {
    return update(database.sql().sql(SEAL).param("id", id));
  }

  /** No more jobs join the belts up to this one. */
  public boolean close(UUID id, int belt) {
    return update(database.sql().sql(CLOSE).param("id", id).param("belt", belt));
  }

  /**
   * Belts go on as if no job of them were dead.
   *
   * @param channel null: all
   */
  public boolean release(UUID id, @Nullable String channel, int belt, String actor) {
    boolean released =
        update(
            database
                .sql()
                .sql(RELEASE)
                .param("id", id)
                .param("channel", channel)
                .param("belt", belt)
                .param("actor", actor));
    update(
        database
            .sql()
            .sql(LOOK_AGAIN)
            .param("id", id)
            .param("channel", channel)
            .param("belt", belt));
    return released;
  }

  /** Those of the objects that have a job in the batch, on any channel. */
  public Set<ObjectRef> present(UUID id, Collection<ObjectRef> objects) {
    List<ObjectRef> asked = List.copyOf(objects);
    return new HashSet<>(
        database.statement(
            () ->
                database
                    .sql()
                    .sql(PRESENT)
                    .param("id", id)
                    .param("types", SqlArrays.column("text", asked, ObjectRef::type))
                    .param("objects", SqlArrays.column("text", asked, ObjectRef::id))
                    .query((row, n) -> new ObjectRef(row.getString(1), row.getString(2)))
                    .list()));
  }

  /** Seals it, and has its jobs cancelled step by step. */
  public boolean cancel(UUID id, String actor) {
    return update(database.sql().sql(CANCEL).param("id", id).param("actor", actor));
  }

  private boolean update(org.springframework.jdbc.core.simple.JdbcClient.StatementSpec statement) {
    return database.statement(statement::update) > 0;
  }

  /** Adds up what has changed, and opens the belts whose turn has come; whether any has. */
  public boolean advance() {
    return database.transaction(
        () -> {
          if (!database.sql().sql(TURN).query(Boolean.class).single()) {
            return false;
          }
          database.sql().sql(ADD_UP).update();
          return database.sql().sql(OPEN).update() > 0;
        });
  }

  /** Notes which open belts have given all their jobs a place, and can't get more. */
  public void noteFilled() {
    database.statement(() -> database.sql().sql(FILLED).update());
  }

  /** Batches that have just become late: open for longer than they should. */
  public List<Batch> late() {
    return database.statement(() -> database.sql().sql(LATE).query(BatchLedger::batch).list());
  }

  /** Jobs of cancelled batches that were not looked at yet. */
  public List<ToCancel> toCancel(int most) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(TO_CANCEL)
                .param("step", most)
                .query(
                    (row, n) ->
                        new ToCancel(
                            row.getObject("job_id", UUID.class),
                            row.getObject("batch_id", UUID.class),
                            row.getString("cancelled_by")))
                .list());
  }

  public void cancelled(ToCancel job) {
    update(database.sql().sql(CANCELLED).param("job", job.job).param("batch", job.batch));
  }

  private static Batch batch(ResultSet row, int n) throws SQLException {
    return new Batch(
        row.getObject("batch_id", UUID.class),
        row.getString("subscription"),
        row.getString("source"),
        row.getString("name"),
        read(row.getString("belts")),
        row.getString("on_dead"),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        row.getObject("seal_due", OffsetDateTime.class).toInstant(),
        instant(row, "sealed_at"),
        row.getInt("closed_belts"),
        instant(row, "late_since"),
        row.getString("cancelled_by"));
  }

  private static List<List<String>> read(String belts) {
    try {
      return JSON.readValue(belts, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Belt belt(ResultSet row, int n) throws SQLException {
    return new Belt(
        row.getString("channel"),
        row.getInt("belt"),
        row.getInt("total"),
        row.getInt("open"),
        row.getInt("dead"),
        instant(row, "opened_at"),
        row.getString("released_by"),
        List.of((UUID[]) row.getArray("dead_jobs").getArray()));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }
}
