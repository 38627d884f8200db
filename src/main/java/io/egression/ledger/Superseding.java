package io.egression.ledger;

import io.egression.job.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Lets new jobs take the places of earlier ones of their objects that wait and were not claimed: an
 * update that of an update, for the object is fetched when it is delivered; a delete that of a
 * create or update that was never sent. A newcomer gets the place of the one it replaces, so that
 * an object that is updated again and again is not put off for ever. To be called inside the
 * transaction that has written the jobs and holds their lanes.
 */
final class Superseding {
  /**
   * A job that has just been written.
   *
   * @param placed else it waits for an earlier job of its object
   */
  record Newcomer(Job job, int account, long lane, boolean placed) {}

  /**
   * Each newcomer and the latest open job of its object before it, if that is in the same lane and
   * no run can hold it: a run has the first jobs of its lane. One that others wait for stays.
   */
  private static final String SUPERSEDE =
      """
      WITH n AS (
        SELECT * FROM unnest(:ids, :accounts, :lanes, :types, :objects, :actions)
          AS n (job_id, account_id, lane_id, object_type, object_id, action)),
      pair AS MATERIALIZED (
        SELECT m.job_id AS newer, m.place AS newer_place, o.job_id AS older, o.place AS older_place,
          n.lane_id
        FROM n JOIN job m ON m.job_id = n.job_id
        JOIN lane l ON l.lane_id = n.lane_id
        JOIN account a ON a.account_id = n.account_id
        CROSS JOIN LATERAL (
          SELECT * FROM jobs_of(n.account_id, n.object_type, n.object_id) j
          WHERE j.state IN ('scheduled', 'gated', 'waiting') AND j.turn < m.turn
          ORDER BY j.turn DESC LIMIT 1) o
        WHERE o.state = 'waiting' AND o.lane_id = n.lane_id AND cardinality(o.object_ids) = 1
          AND o.batch_id IS NULL AND NOT o.gates AND o.cancel_asked IS NULL
          AND ((n.action = 'update' AND o.action = 'update')
               OR (n.action = 'delete' AND o.action <> 'delete' AND o.attempts = 0))
          AND (l.state <> 'running' OR a.run_size < (
            SELECT count(*) FROM (
              SELECT FROM job w WHERE w.lane_id = l.lane_id AND w.place > l.final_place
                AND w.place <= o.place AND w.state = 'waiting' LIMIT a.run_size + 1) first))),
      older AS (
        UPDATE job j SET state = 'superseded', reason = 'superseded by job ' || p.newer,
          finished_at = hub_now(), place = p.newer_place
        FROM pair p WHERE j.job_id = p.older),
      newer AS (
        UPDATE job j SET place = p.older_place FROM pair p WHERE j.job_id = p.newer),
      counted AS (
        UPDATE lane l SET open = l.open - c.n,
          reason_job = coalesce(c.newer_of ->> l.reason_job::text, l.reason_job::text)::uuid
        FROM (SELECT lane_id, count(*)::int AS n, jsonb_object_agg(older, newer) AS newer_of
              FROM pair GROUP BY lane_id) c
        WHERE l.lane_id = c.lane_id),
      told AS (
        INSERT INTO job_event (job_id, kind, detail)
        SELECT newer, 'supersedes', 'job ' || older FROM pair)
      SELECT count(*) FROM pair
      """;

  /**
   * The same where the one before has no place: an update that is scheduled stays, for what it is
   * to fetch is not there yet; a delete ends it. The newcomer is looked at again, as if it were due
   * now.
   */
  private static final String SUPERSEDE_UNPLACED =
      """
      WITH n AS (
        SELECT * FROM unnest(:ids, :accounts, :lanes, :types, :objects, :actions)
          AS n (job_id, account_id, lane_id, object_type, object_id, action)),
      pair AS MATERIALIZED (
        SELECT m.job_id AS newer, o.job_id AS older, n.lane_id
        FROM n JOIN job m ON m.job_id = n.job_id
        CROSS JOIN LATERAL (
          SELECT * FROM jobs_of(n.account_id, n.object_type, n.object_id) j
          WHERE j.state IN ('scheduled', 'gated', 'waiting') AND j.turn < m.turn
          ORDER BY j.turn DESC LIMIT 1) o
        WHERE m.state IN ('gated', 'scheduled') AND m.closed_belt IS NULL
          AND o.state IN ('gated', 'scheduled') AND o.lane_id = n.lane_id
          AND cardinality(o.object_ids) = 1 AND o.batch_id IS NULL AND o.cancel_asked IS NULL
          AND ((n.action = 'update' AND o.action = 'update' AND (o.state = 'gated' OR o.attempts > 0))
               OR (n.action = 'delete' AND o.action <> 'delete' AND o.attempts = 0))
          AND NOT EXISTS (SELECT FROM job x WHERE x.behind = o.job_id AND x.job_id <> m.job_id)),
      older AS (
        UPDATE job j SET state = 'superseded', reason = 'superseded by job ' || p.newer,
          finished_at = hub_now(), scheduled_at = NULL, behind = NULL
        FROM pair p WHERE j.job_id = p.older),
      newer AS (
        UPDATE job j SET state = 'scheduled', scheduled_at = hub_now(), behind = NULL
        FROM pair p WHERE j.job_id = p.newer),
      counted AS (
        UPDATE lane l SET unplaced = l.unplaced - c.n
        FROM (SELECT lane_id, count(*)::int AS n FROM pair GROUP BY lane_id) c
        WHERE l.lane_id = c.lane_id),
      told AS (
        INSERT INTO job_event (job_id, kind, detail)
        SELECT newer, 'supersedes', 'job ' || older FROM pair)
      SELECT count(*) FROM pair
      """;

  private final Database database;

  Superseding(Database database) {
    this.database = database;
  }

  void supersede(List<Newcomer> newcomers) {
    // of several newcomers for one object each takes the place of the one before
    for (List<Newcomer> group : oneOfEachObject(newcomers)) {
      repeat(SUPERSEDE, group.stream().filter(Newcomer::placed).toList());
      repeat(SUPERSEDE_UNPLACED, group.stream().filter(each -> !each.placed).toList());
    }
  }

  private void repeat(String sql, List<Newcomer> group) {
    while (!group.isEmpty() && supersedeOnce(sql, group) > 0) {
      // a delete may replace a create and an update
    }
  }

  private static List<List<Newcomer>> oneOfEachObject(List<Newcomer> newcomers) {
    List<List<Newcomer>> groups = new ArrayList<>();
    Map<List<Object>, Integer> seen = new HashMap<>();
    for (Newcomer each : newcomers) {
      List<Object> object =
          List.of(each.account, each.job.objectType(), each.job.objectIds().get(0));
      int nth = seen.merge(object, 1, Integer::sum) - 1;
      if (groups.size() == nth) {
        groups.add(new ArrayList<>());
      }
      groups.get(nth).add(each);
    }
    return groups;
  }

  private int supersedeOnce(String sql, List<Newcomer> group) {
    return database
        .sql()
        .sql(sql)
        .param("ids", SqlArrays.column("uuid", group, each -> each.job.id()))
        .param("accounts", SqlArrays.column("int4", group, Newcomer::account))
        .param("lanes", SqlArrays.column("int8", group, Newcomer::lane))
        .param("types", SqlArrays.column("text", group, each -> each.job.objectType()))
        .param("objects", SqlArrays.column("text", group, each -> each.job.objectIds().get(0)))
        .param("actions", SqlArrays.column("text", group, each -> each.job.action().word()))
        .query(Integer.class)
        .single();
  }
}
