package io.egression.ledger;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Cancels jobs that are not final. A job in a claimed run may be called at this very moment, so
 * there it is only asked for: the run's worker decides before its next call. Thread safe.
 */
public final class Cancellation {
  /** What came of it. */
  public enum Result {
    CANCELLED,
    /** Its run is being worked on: it ends cancelled unless its call has started. */
    ASKED,
    /** It was final before. */
    FINAL,
    UNKNOWN
  }

  private static final String LOCK_LANE =
      """
      SELECT l.state FROM lane l WHERE lane_id = (SELECT lane_id FROM job WHERE job_id = :id)
      FOR UPDATE
      """;

  private static final String ASK =
      """
      WITH asked AS (
        UPDATE job SET cancel_asked = :actor
        WHERE job_id = :id AND state = 'waiting' RETURNING lane_id)
      UPDATE lane SET attention = true FROM asked WHERE lane.lane_id = asked.lane_id
      """;

  private static final String CANCEL =
      """
      WITH ended AS (
        UPDATE job SET state = 'cancelled', reason = 'cancelled by ' || :actor,
          finished_at = hub_now(), scheduled_at = NULL, behind = NULL, closed_belt = NULL,
          cancel_asked = NULL
        WHERE job_id = ANY (:ids) AND state IN ('scheduled', 'gated', 'waiting')
        RETURNING job_id, lane_id, place, gates),
      counted AS (
        SELECT lane_id, count(place)::int AS placed, (count(*) - count(place))::int AS unplaced,
          array_agg(job_id) AS jobs
        FROM ended GROUP BY lane_id),
      moved AS (
        UPDATE lane l SET open = l.open - c.placed, unplaced = l.unplaced - c.unplaced,
          state = CASE WHEN l.state IN ('ready', 'waiting') AND l.open = c.placed THEN 'idle'
                       WHEN l.state = 'waiting' AND l.reason_job = ANY (c.jobs) THEN 'ready'
                       ELSE l.state END,
          ready_at = CASE WHEN l.state = 'waiting' THEN hub_now() ELSE l.ready_at END,
          due_at = CASE WHEN l.state = 'waiting'
                          AND (l.open = c.placed OR l.reason_job = ANY (c.jobs))
                        THEN NULL ELSE l.due_at END
        FROM counted c WHERE l.lane_id = c.lane_id)
      SELECT job_id, gates FROM ended
      """;

  private static final String ASKED_IN_LANE =
      """
      SELECT j.job_id, j.cancel_asked FROM lane l JOIN job j USING (lane_id)
      WHERE l.lane_id = :lane AND l.state <> 'running'
        AND j.state = 'waiting' AND j.cancel_asked IS NOT NULL
      """;

  /** The lane stays queued until it is requeued: no other run of it can begin meanwhile. */
  private static final String LOCK_ORPHANS =
      """
      SELECT lane_id FROM lane WHERE lane_id = ANY (:lanes) AND state = 'queued' AND run_id = ANY (:runs)
      ORDER BY account_id, partition_key FOR UPDATE
      """;

  private static final String JOBS_OF_RUN =
      """
      SELECT job_id FROM lane l JOIN job j USING (lane_id)
      WHERE l.lane_id = ANY (:lanes) AND j.place > l.final_place AND j.place <= l.queued_to
        AND j.state = 'waiting'
      """;

  private static final String LOCK_ONE = "SELECT state FROM lane WHERE lane_id = :lane FOR UPDATE";

  private final Database database;
  private final Consumer<Set<UUID>> released;

  /**
   * @param released is told of ended jobs for which others waited
   */
  public Cancellation(Database database, Consumer<Set<UUID>> released) {
    this.database = database;
    this.released = released;
  }

  /** Cancels one job. */
  public Result cancel(UUID id, String actor) {
    Set<UUID> gating = new HashSet<>();
    Result result = database.transaction(() -> cancel(id, actor, gating));
    released.accept(gating);
    return result;
  }

  private Result cancel(UUID id, String actor, Set<UUID> gating) {
    List<String> lane = database.sql().sql(LOCK_LANE).param("id", id).query(String.class).list();
    if (lane.isEmpty()) {
      return Result.UNKNOWN;
    }
    if (lane.get(0).equals("running")
        && database.sql().sql(ASK).param("id", id).param("actor", actor).update() > 0) {
      return Result.ASKED;
    }
    return end(Set.of(id), actor, gating) > 0 ? Result.CANCELLED : Result.FINAL;
  }

  /** Cancels what was asked for while the lane's run was worked on; for when it has ended. */
  public void completeAsked(long lane) {
    Set<UUID> gating = new HashSet<>();
    database.transaction(
        () -> {
          database.sql().sql(LOCK_ONE).param("lane", lane).query(String.class).list();
          Map<String, Set<UUID>> byActor = new HashMap<>();
          database
              .sql()
              .sql(ASKED_IN_LANE)
              .param("lane", lane)
              .query(
                  row -> {
                    byActor
                        .computeIfAbsent(row.getString("cancel_asked"), actor -> new HashSet<>())
                        .add(row.getObject("job_id", UUID.class));
                  });
          byActor.forEach((actor, ids) -> end(ids, actor, gating));
          return byActor.size();
        });
    released.accept(gating);
  }

  /** Cancels the jobs of runs whose messages are gone; returns how many. */
  public int cancelRuns(List<Reconciliation.Queued> orphaned, String actor) {
    Set<UUID> gating = new HashSet<>();
    int cancelled =
        database.transaction(
            () -> {
              List<Long> lanes =
                  database
                      .sql()
                      .sql(LOCK_ORPHANS)
                      .param("lanes", SqlArrays.column("int8", orphaned, each -> each.lane()))
                      .param("runs", SqlArrays.column("uuid", orphaned, each -> each.run()))
                      .query(Long.class)
                      .list();
              List<UUID> jobs =
                  database
                      .sql()
                      .sql(JOBS_OF_RUN)
                      .param("lanes", SqlArrays.column("int8", lanes, lane -> lane))
                      .query(UUID.class)
                      .list();
              return end(Set.copyOf(jobs), actor, gating);
            });
    released.accept(gating);
    return cancelled;
  }

  /**
   * @param gating takes in those for which others wait: to be told of when it is committed
   */
  private int end(Set<UUID> ids, String actor, Set<UUID> gating) {
    int[] ended = {0};
    database
        .sql()
        .sql(CANCEL)
        .param("ids", SqlArrays.uuids(ids))
        .param("actor", actor)
        .query(
            row -> {
              ended[0]++;
              if (row.getBoolean("gates")) {
                gating.add(row.getObject("job_id", UUID.class));
              }
            });
    return ended[0];
  }
}
