package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An operator's word on dead jobs: replay keeps id and history and gives a new place at the end of
 * the lane, unless the lane is held for the job (and its object has no job in another lane, which
 * it would pass); discard makes it cancelled. Thread safe.
 */
public final class Replay {
  /** Which dead jobs; null: any. */
  public record Filter(
      @Nullable String subscription,
      @Nullable String channel,
      @Nullable String reason,
      @Nullable Instant from,
      @Nullable Instant to) {}

  private record Dead(
      UUID id, long lane, int account, String type, List<String> objects, boolean held) {}

  private static final String LOCK_LANES =
      """
      SELECT lane_id FROM lane
      WHERE lane_id IN (SELECT lane_id FROM job WHERE job_id = ANY (:ids))
      ORDER BY account_id, partition_key FOR UPDATE
      """;

  private static final String STILL_DEAD =
      """
      SELECT j.job_id, j.lane_id, j.account_id, j.object_type, j.object_ids,
        l.state = 'held' AND l.reason_job = j.job_id AS held
      FROM job j JOIN lane l USING (lane_id)
      WHERE j.job_id = ANY (:ids) AND j.state = 'dead'
        AND (cast(:death AS integer) IS NULL OR j.deaths = :death)
      ORDER BY l.account_id, l.partition_key, j.place
      """;

  private static final String REVIVE =
      """
      UPDATE job SET state = CASE WHEN b.behind IS NULL THEN 'waiting' ELSE 'gated' END,
        place = CASE WHEN b.held THEN place ELSE NULL END, behind = b.behind,
        reason = NULL, finished_at = NULL, died_at = NULL, letter_due = false, cancel_asked = NULL,
        failures = 0, failing_since = NULL, lost = 0, delays = 0, gates = gates OR b.blocks,
        turn = CASE WHEN b.held THEN job.turn ELSE b.turn END
      FROM (SELECT u.*, nextval('job_turn_seq') AS turn
            FROM unnest(:ids, :behind, :held, :blocks) AS u (job_id, behind, held, blocks)) b
      WHERE job.job_id = b.job_id
      """;

  private static final String PLACE_AT_END =
      """
      WITH n AS (
        SELECT job_id, lane_id, row_number() OVER (PARTITION BY lane_id ORDER BY nth) AS nth
        FROM unnest(:ids, :lanes) WITH ORDINALITY AS u (job_id, lane_id, nth)),
      counted AS (
        UPDATE lane l SET open = open + c.n, last_place = last_place + c.n,
          state = CASE WHEN state = 'idle' THEN 'ready' ELSE state END,
          ready_at = CASE WHEN state = 'idle' THEN hub_now() ELSE ready_at END
        FROM (SELECT lane_id, count(*)::int AS n FROM n GROUP BY lane_id) c
        WHERE l.lane_id = c.lane_id
        RETURNING l.lane_id, l.last_place - c.n AS base)
      UPDATE job j SET place = counted.base + n.nth
      FROM n JOIN counted USING (lane_id) WHERE j.job_id = n.job_id
      """;

  private static final String COUNT_GATED =
      """
      UPDATE lane l SET unplaced = unplaced + c.n
      FROM (SELECT lane_id, count(*)::int AS n FROM unnest(:lanes) AS u (lane_id) GROUP BY lane_id) c
      WHERE l.lane_id = c.lane_id
      """;

  /** The held job keeps its place and goes first. */
  private static final String UNHOLD =
      """
      UPDATE lane l SET state = 'ready', ready_at = hub_now(), open = l.open + 1,
        final_place = least(l.final_place, j.place - 1), reason = NULL, reason_job = NULL
      FROM job j WHERE j.job_id = ANY (:ids) AND l.lane_id = j.lane_id
      """;

  private static final String DISCARD =
      """
      UPDATE job SET state = 'cancelled', reason = 'discarded', died_at = NULL, letter_due = false,
        finished_at = hub_now()
      WHERE job_id = ANY (:ids)
      """;

  /** Those that wait for what is given up are looked at again. */
  private static final String LOOK_AGAIN =
      """
      UPDATE job SET state = 'scheduled', scheduled_at = hub_now(), behind = NULL
      WHERE behind = ANY (:ids) AND state = 'gated'
      """;

  private static final String LET_GO =
      """
      UPDATE lane l SET state = CASE WHEN l.open = 0 THEN 'idle' ELSE 'ready' END,
        ready_at = hub_now(), reason = NULL, reason_job = NULL
      WHERE l.state = 'held' AND l.reason_job = ANY (:ids)
      """;

  private static final String NOTE =
      """
      INSERT INTO job_event (job_id, kind, actor) SELECT u, :kind, :actor FROM unnest(:ids) u
      """;

  /** The timeline keeps what the job no longer says itself. */
  private static final String NOTE_DEATH =
      """
      INSERT INTO job_event (job_id, at, kind, detail)
      SELECT job_id, died_at, 'dead', reason FROM job WHERE job_id = ANY (:ids) AND state = 'dead'
      """;

  private static final String SELECT =
      """
      SELECT j.job_id FROM account a JOIN job j USING (account_id) JOIN lane l USING (lane_id)
      WHERE j.died_at IS NOT NULL
        AND (cast(:subscription AS text) IS NULL OR a.subscription = :subscription)
        AND (cast(:channel AS text) IS NULL OR a.channel = :channel)
        AND (cast(:reason AS text) IS NULL OR position(:reason IN j.reason) > 0)
        AND (cast(:from AS timestamptz) IS NULL OR j.died_at >= :from)
        AND j.died_at <= coalesce(cast(:to AS timestamptz), hub_now())
      ORDER BY l.account_id, l.partition_key, j.place LIMIT :limit
      """;

  private static final String START =
      """
      INSERT INTO bulk_replay
        (replay_id, actor, discard, subscription, channel, reason, died_from, died_to)
      VALUES (:id, :actor, :discard, :subscription, :channel, :reason, :from,
        coalesce(cast(:to AS timestamptz), hub_now()))
      """;

  private static final String NEXT_BULK =
      "SELECT * FROM bulk_replay WHERE NOT finished ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED";

  private static final String STEP =
      """
      UPDATE bulk_replay SET replayed = replayed + :replayed, finished = :finished
      WHERE replay_id = :id
      """;

  private static final String PROGRESS =
      "SELECT replayed, finished, subscription FROM bulk_replay"
          + " WHERE replay_id = :id AND discard = :discard";

  /** How far a bulk replay has come. */
  public record Progress(int replayed, boolean finished, @Nullable String subscription) {}

  private final Database database;
  private final ObjectOrder objectOrder;

  public Replay(Database database) {
    this.database = database;
    this.objectOrder = new ObjectOrder(database);
  }

  /**
   * Replays those of the jobs that are dead, in their old order.
   *
   * @param death only if this is how often it has died; null: whatever
   * @return the jobs replayed
   */
  public List<UUID> replay(List<UUID> ids, @Nullable Integer death, String actor) {
    return database.transaction(() -> replayNow(ids, death, actor));
  }

  private List<UUID> replayNow(List<UUID> ids, @Nullable Integer death, String actor) {
    List<Dead> dead = lock(ids, death);
    if (dead.isEmpty()) {
      return List.of();
    }
    Map<UUID, UUID> behind = objectOrder.blockers(dead.stream().map(Replay::candidate).toList());
    database.sql().sql(NOTE_DEATH).param("ids", SqlArrays.column("uuid", dead, Dead::id)).update();
    revive(dead, behind);
    List<Dead> gated = dead.stream().filter(job -> behind.containsKey(job.id)).toList();
    List<Dead> free = dead.stream().filter(job -> !behind.containsKey(job.id)).toList();
    placeAtEnd(free.stream().filter(job -> !job.held).toList());
    countGated(gated);
    letGo(gated);
    unhold(free.stream().filter(Dead::held).toList());
    return note(dead, "replayed", actor);
  }

  private void placeAtEnd(List<Dead> jobs) {
    if (!jobs.isEmpty()) {
      database
          .sql()
          .sql(PLACE_AT_END)
          .param("ids", SqlArrays.column("uuid", jobs, Dead::id))
          .param("lanes", SqlArrays.column("int8", jobs, Dead::lane))
          .update();
    }
  }

  private void countGated(List<Dead> jobs) {
    if (!jobs.isEmpty()) {
      database
          .sql()
          .sql(COUNT_GATED)
          .param("lanes", SqlArrays.column("int8", jobs, Dead::lane))
          .update();
    }
  }

  private void unhold(List<Dead> jobs) {
    if (!jobs.isEmpty()) {
      database.sql().sql(UNHOLD).param("ids", SqlArrays.column("uuid", jobs, Dead::id)).update();
    }
  }

  /** The keys that are held for these jobs go on. */
  private void letGo(List<Dead> jobs) {
    if (!jobs.isEmpty()) {
      database.sql().sql(LET_GO).param("ids", SqlArrays.column("uuid", jobs, Dead::id)).update();
    }
  }

  private static ObjectOrder.Candidate candidate(Dead job) {
    return new ObjectOrder.Candidate(
        job.id,
        job.account,
        job.lane,
        job.type,
        job.objects,
        false,
        job.held,
        null,
        List.of(),
        null);
  }

  private void revive(List<Dead> dead, Map<UUID, UUID> behind) {
    database
        .sql()
        .sql(REVIVE)
        .param("ids", SqlArrays.column("uuid", dead, Dead::id))
        .param("behind", SqlArrays.column("uuid", dead, job -> behind.get(job.id)))
        .param(
            "held", SqlArrays.column("bool", dead, job -> job.held && !behind.containsKey(job.id)))
        .param("blocks", SqlArrays.column("bool", dead, job -> behind.containsValue(job.id)))
        .update();
  }

  /**
   * Gives up those of the jobs that are dead; their held keys go on.
   *
   * @return the jobs discarded
   */
  public List<UUID> discard(List<UUID> ids, String actor) {
    return database.transaction(() -> discardNow(ids, actor));
  }

  private List<UUID> discardNow(List<UUID> ids, String actor) {
    List<Dead> dead = lock(ids, null);
    if (dead.isEmpty()) {
      return List.of();
    }
    var array = SqlArrays.column("uuid", dead, Dead::id);
    database.sql().sql(DISCARD).param("ids", array).update();
    database.sql().sql(LOOK_AGAIN).param("ids", array).update();
    letGo(dead);
    return note(dead, "discarded", actor);
  }

  private List<Dead> lock(List<UUID> ids, @Nullable Integer death) {
    database.sql().sql(LOCK_LANES).param("ids", SqlArrays.uuids(ids)).query((row, n) -> n).list();
    return database
        .sql()
        .sql(STILL_DEAD)
        .param("ids", SqlArrays.uuids(ids))
        .param("death", death, java.sql.Types.INTEGER)
        .query(Replay::dead)
        .list();
  }

  private List<UUID> note(List<Dead> jobs, String kind, String actor) {
    database
        .sql()
        .sql(NOTE)
        .param("ids", SqlArrays.column("uuid", jobs, Dead::id))
        .param("kind", kind)
        .param("actor", actor)
        .update();
    return jobs.stream().map(Dead::id).collect(Collectors.toCollection(ArrayList::new));
  }

  /** Begins a replay of all dead jobs that match; {@link #bulkStep} carries it out. */
  public UUID startBulk(Filter filter, String actor) {
    return startBulk(filter, actor, false);
  }

  /**
   * As {@link #startBulk(Filter, String)}.
   *
   * @param discard they are given up instead
   */
  public UUID startBulk(Filter filter, String actor, boolean discard) {
    UUID id = UUID.randomUUID();
    database.statement(
        () ->
            filtered(database.sql().sql(START), filter)
                .param("id", id)
                .param("actor", actor)
                .param("discard", discard)
                .update());
    return id;
  }

  /**
   * Carries the oldest bulk replay or discard on by one step, on whichever node asks.
   *
   * @return the jobs replayed or discarded; empty optional: there is none to carry on
   */
  public Optional<List<UUID>> bulkStep(int most) {
    return database.transaction(
        () ->
            database
                .sql()
                .sql(NEXT_BULK)
                .query(Replay::bulk)
                .optional()
                .map(bulk -> step(bulk, most)));
  }

  private List<UUID> step(Bulk bulk, int most) {
    List<UUID> ids =
        filtered(database.sql().sql(SELECT), bulk.filter)
            .param("limit", most)
            .query(UUID.class)
            .list();
    List<UUID> replayed =
        ids.isEmpty()
            ? List.of()
            : bulk.discard ? discardNow(ids, bulk.actor) : replayNow(ids, null, bulk.actor);
    database
        .sql()
        .sql(STEP)
        .param("id", bulk.id)
        .param("replayed", replayed.size())
        .param("finished", ids.size() < most)
        .update();
    return replayed;
  }

  /** Of a replay, or of a discard. */
  public Optional<Progress> progress(UUID id, boolean discard) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(PROGRESS)
                .param("id", id)
                .param("discard", discard)
                .query(
                    (row, n) ->
                        new Progress(
                            row.getInt("replayed"),
                            row.getBoolean("finished"),
                            row.getString("subscription")))
                .optional());
  }

  private record Bulk(UUID id, String actor, boolean discard, Filter filter) {}

  private static Bulk bulk(ResultSet row, int n) throws SQLException {
    OffsetDateTime from = row.getObject("died_from", OffsetDateTime.class);
    return new Bulk(
        row.getObject("replay_id", UUID.class),
        row.getString("actor"),
        row.getBoolean("discard"),
        new Filter(
            row.getString("subscription"),
            row.getString("channel"),
            row.getString("reason"),
            from == null ? null : from.toInstant(),
            row.getObject("died_to", OffsetDateTime.class).toInstant()));
  }

  private static org.springframework.jdbc.core.simple.JdbcClient.StatementSpec filtered(
      org.springframework.jdbc.core.simple.JdbcClient.StatementSpec statement, Filter filter) {
    return statement
        .param("subscription", filter.subscription, java.sql.Types.VARCHAR)
        .param("channel", filter.channel, java.sql.Types.VARCHAR)
        .param("reason", filter.reason, java.sql.Types.VARCHAR)
        .param("from", timestamp(filter.from), java.sql.Types.TIMESTAMP_WITH_TIMEZONE)
        .param("to", timestamp(filter.to), java.sql.Types.TIMESTAMP_WITH_TIMEZONE);
  }

  private static @Nullable OffsetDateTime timestamp(@Nullable Instant instant) {
    return instant == null ? null : instant.atOffset(java.time.ZoneOffset.UTC);
  }

  private static Dead dead(ResultSet row, int n) throws SQLException {
    return new Dead(
        row.getObject("job_id", UUID.class),
        row.getLong("lane_id"),
        row.getInt("account_id"),
        row.getString("object_type"),
        List.of((String[]) row.getArray("object_ids").getArray()),
        row.getBoolean("held"));
  }
}
