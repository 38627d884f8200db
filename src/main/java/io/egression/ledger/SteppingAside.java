package io.egression.ledger;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Takes jobs that are to be tried again off their places, so that the rest of their lane need not
 * wait: each is scheduled, and later jobs of its objects are gated behind it. Thread safe.
 */
final class SteppingAside {
  private static final String LOCK =
      """
      SELECT lane_id FROM lane
      WHERE lane_id = :lane AND run_id = :run AND node_id = :node AND state = 'running' FOR UPDATE
      """;

  /**
   * A job of several objects keeps back later jobs of all of them. Of one that waits for several
   * jobs the first is noted: when that one has a place or ends, it is looked at again.
   */
  private static final String STEP =
      """
      WITH RECURSIVE aside AS MATERIALIZED (
        SELECT j.*, a.delay FROM unnest(:jobs, :delays) AS a (id, delay) JOIN job j ON j.job_id = a.id
        WHERE j.lane_id = :lane AND j.state = 'waiting'),
      later (job_id, first, place, account_id, lane_id, object_type, object_ids) AS (
        SELECT j.job_id, a.job_id, j.place, a.account_id, a.lane_id, a.object_type, j.object_ids
        FROM aside a CROSS JOIN unnest(a.object_ids) AS o (id)
        CROSS JOIN LATERAL jobs_of(a.account_id, a.object_type, o.id) j
        WHERE j.lane_id = a.lane_id AND j.state = 'waiting' AND j.place > a.place
          AND j.job_id <> ALL (:jobs)
        UNION
        SELECT j.job_id, l.first, j.place, l.account_id, l.lane_id, l.object_type, j.object_ids
        FROM (SELECT * FROM later WHERE cardinality(object_ids) > 1) l
        CROSS JOIN unnest(l.object_ids) AS o (id)
        CROSS JOIN LATERAL jobs_of(l.account_id, l.object_type, o.id) j
        WHERE j.lane_id = l.lane_id AND j.state = 'waiting' AND j.place > l.place
          AND j.job_id <> ALL (:jobs)),
      gated AS (
        UPDATE job SET state = 'gated', behind = b.first, place = NULL
        FROM (SELECT job_id, min(first::text)::uuid AS first FROM later GROUP BY job_id) b
        WHERE job.job_id = b.job_id AND job.state = 'waiting'
        RETURNING job.behind),
      scheduled AS (
        UPDATE job SET state = 'scheduled', place = NULL,
          scheduled_at = hub_now() + aside.delay * interval '1 millisecond',
          gates = job.gates OR EXISTS (SELECT FROM later WHERE first = job.job_id)
        FROM aside WHERE job.job_id = aside.job_id AND job.state = 'waiting'
        RETURNING job.job_id),
      moved AS (SELECT (SELECT count(*) FROM gated) + (SELECT count(*) FROM scheduled) AS n)
      UPDATE lane SET open = open - moved.n::int, unplaced = unplaced + moved.n::int
      FROM moved WHERE lane_id = :lane
      """;

  private final Database database;

  SteppingAside(Database database) {
    this.database = database;
  }

  void stepAside(Run run, Map<UUID, Duration> delays) {
    List<Map.Entry<UUID, Duration>> jobs = List.copyOf(delays.entrySet());
    database.transaction(
        () ->
            database
                .sql()
                .sql(LOCK)
                .param("lane", run.lane())
                .param("run", run.id())
                .param("node", run.node())
                .query(Long.class)
                .optional()
                .map(
                    lane ->
                        database
                            .sql()
                            .sql(STEP)
                            .param("lane", lane)
                            .param("jobs", SqlArrays.column("uuid", jobs, Map.Entry::getKey))
                            .param(
                                "delays",
                                SqlArrays.column("int8", jobs, job -> job.getValue().toMillis()))
                            .update()));
  }
}
