package io.egression.ledger;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What the sweep puts right: lanes whose node's lease ran out, and lanes whose message is not in
 * the broker. A safety net: it finds nothing in a healthy run. Thread safe.
 */
public final class Reconciliation {
  private static final int STEP = 500;

  /** How often a claim of the same job may be lost before the job is dead. */
  public static final int MOST_LOST = 3;

  /**
   * A lane that has been queued for a while.
   *
   * @param discard whether its jobs end if its message was removed
   */
  public record Queued(long lane, UUID run, String connector, boolean discard) {}

  private static final String LOCK_LOST =
      """
      SELECT l.lane_id FROM lane l JOIN node n USING (node_id)
      WHERE l.state = 'running' AND n.lease_until < hub_now()
      ORDER BY l.account_id, l.partition_key LIMIT :step
      FOR UPDATE OF l SKIP LOCKED FOR SHARE OF n
      """;

  private static final String HEADS =
      """
      WITH head AS (
        SELECT h.* FROM lane l CROSS JOIN LATERAL (
          SELECT job_id, lane_id, lost + 1 >= :most AS dies, attempts + 1 AS number FROM job
          WHERE job.lane_id = l.lane_id AND place > l.final_place AND job.state = 'waiting'
          ORDER BY place LIMIT 1) h
        WHERE l.lane_id = ANY (:lanes)),
      noted AS (
        INSERT INTO attempt (job_id, number, started_at, took_ms, outcome, detail, node_id)
        SELECT job_id, number, coalesce(l.claimed_at, hub_now()), 0, 'lost',
          'the node that had claimed it stopped; the call may have arrived', l.node_id
        FROM head JOIN lane l USING (lane_id) ON CONFLICT DO NOTHING)
      UPDATE job j SET lost = lost + 1, attempts = attempts + 1,
        state = CASE WHEN dies THEN 'dead' ELSE j.state END,
        reason = CASE WHEN dies THEN 'crashed: its claim was lost ' || :most || ' times' ELSE j.reason END,
        finished_at = CASE WHEN dies THEN hub_now() END,
        deaths = deaths + dies::int,
        died_at = CASE WHEN dies THEN hub_now() END,
        letter_due = dies, letter_taken = NULL
      FROM head WHERE j.job_id = head.job_id
      RETURNING j.lane_id, j.job_id, j.state = 'dead' AS died
      """;

  private static final String FREE =
      """
      UPDATE lane l SET run_id = NULL, node_id = NULL, attention = false,
        open = l.open - d.died::int,
        state = CASE WHEN d.died AND a.hold_on_dead THEN 'held'
                     WHEN l.open = d.died::int THEN 'idle' ELSE 'ready' END,
        ready_at = hub_now(),
        reason = CASE WHEN d.died AND a.hold_on_dead THEN 'its job is dead'
                      ELSE 'its node stopped' END,
        reason_job = CASE WHEN d.died AND a.hold_on_dead THEN d.job_id END
      FROM unnest(:lanes, :jobs, :died) AS d (lane_id, job_id, died), account a
      WHERE l.lane_id = d.lane_id AND a.account_id = l.account_id
      """;

  private static final String QUEUED =
      """
      SELECT lane_id, run_id, connector, queued_to IS NOT NULL AS discard
      FROM lane JOIN account USING (account_id)
      WHERE state = 'queued' AND queued_at < hub_now() - :age * interval '1 millisecond'
      """;

  private static final String REQUEUE =
      """
      UPDATE lane SET state = CASE WHEN open = 0 THEN 'idle' ELSE 'ready' END, run_id = NULL,
        ready_at = queued_at, queued_to = NULL,
        reason = 'orphaned: its message is not in the broker any more, and it is sent again'
      WHERE lane_id IN (SELECT lane_id FROM lane
                        WHERE lane_id = ANY (:lanes) AND state = 'queued' AND run_id = ANY (:runs)
                        ORDER BY account_id, partition_key FOR UPDATE)
      """;

  private static final String PRUNE_ACCEPTANCES =
      """
      DELETE FROM acceptance WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM acceptance WHERE accepted_at < hub_now() - interval '8 days' LIMIT 5000))
      """;

  private final Database database;

  public Reconciliation(Database database) {
    this.database = database;
  }

  /** Frees the lanes whose node's lease ran out; returns how many. */
  public int freeLost() {
    return database.transaction(
        () -> {
          List<Long> lanes =
              database.sql().sql(LOCK_LOST).param("step", STEP).query(Long.class).list();
          if (!lanes.isEmpty()) {
            free(lanes);
          }
          return lanes.size();
        });
  }

  private record Head(long lane, UUID job, boolean died) {}

  private void free(List<Long> lanes) {
    Map<Long, Head> heads = new HashMap<>();
    database
        .sql()
        .sql(HEADS)
        .param("lanes", SqlArrays.column("int8", lanes, lane -> lane))
        .param("most", MOST_LOST)
        .query(
            row -> {
              long lane = row.getLong("lane_id");
              UUID job = row.getObject("job_id", UUID.class);
              heads.put(lane, new Head(lane, job, row.getBoolean("died")));
            });
    database
        .sql()
        .sql(FREE)
        .param("lanes", SqlArrays.column("int8", lanes, lane -> lane))
        .param(
            "jobs",
            SqlArrays.column("uuid", lanes, l -> heads.containsKey(l) ? heads.get(l).job : null))
        .param(
            "died", SqlArrays.column("bool", lanes, l -> heads.containsKey(l) && heads.get(l).died))
        .update();
  }

  /** The lanes that have been queued for longer than this. */
  public List<Queued> queuedFor(Duration age) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(QUEUED)
                .param("age", age.toMillis())
                .query(
                    (row, n) ->
                        new Queued(
                            row.getLong("lane_id"),
                            row.getObject("run_id", UUID.class),
                            row.getString("connector"),
                            row.getBoolean("discard")))
                .list());
  }

  /** Makes lanes ready again whose message is not in the broker; returns how many. */
  public int requeue(List<Queued> orphaned) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(REQUEUE)
                .param("lanes", SqlArrays.column("int8", orphaned, Queued::lane))
                .param("runs", SqlArrays.column("uuid", orphaned, Queued::run))
                .update());
  }

  /** Forgets first answers older than the guaranteed seven days, a step at a time. */
  public void pruneAcceptances() {
    database.statement(() -> database.sql().sql(PRUNE_ACCEPTANCES).update());
  }
}
