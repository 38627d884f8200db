package io.egression.ledger;

import io.egression.job.ObjectRef;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Gives jobs without a place their place once nothing keeps them back: scheduled jobs when they are
 * due, gated jobs when the job before them has ended or has its place in the same lane. Thread
 * safe.
 */
public final class Eligibility {
  private static final int STEP = 500;

  /** Of a belt, in one go. */
  private static final int BELT_STEP = 5000;

  private static final String OPENED =
      """
      SELECT j.job_id, j.lane_id FROM batch_belt b
      JOIN LATERAL (
        SELECT job_id, lane_id FROM job
        WHERE closed_belt = b.batch_id AND job.account_id = b.account_id AND job.belt = b.belt
        ORDER BY turn LIMIT :step) j ON true
      WHERE b.opened_at IS NOT NULL AND NOT b.filled
      LIMIT :step
      """;

  private static final String OPENED_LATER =
      """
      UPDATE job j SET state = 'scheduled', scheduled_at = not_before, closed_belt = NULL
      FROM batch_belt b
      WHERE j.closed_belt = b.batch_id AND j.account_id = b.account_id AND j.belt = b.belt
        AND b.opened_at IS NOT NULL AND NOT b.filled AND j.not_before > hub_now()
      """;

  private static final String DUE =
      """
      SELECT job_id, lane_id FROM job WHERE scheduled_at <= hub_now()
      ORDER BY scheduled_at, job_id LIMIT :step
      """;

  /** The job before may have been replayed meanwhile: then it is behind. */
  private static final String RELEASED =
      """
      SELECT g.job_id, g.lane_id FROM job g JOIN job b ON b.job_id = g.behind
      WHERE g.behind = ANY (:behind)
        AND (b.state IN ('delivered', 'dead', 'filtered', 'superseded', 'cancelled')
             OR (b.place IS NOT NULL AND b.lane_id = g.lane_id)
             OR b.turn > g.turn)
        AND NOT waits_after(g, b)
      ORDER BY g.turn LIMIT :step
      """;

  /** As RELEASED, for whatever was missed by a crash. */
  private static final String OVERLOOKED =
      RELEASED.replace("g.behind = ANY (:behind)", "g.behind IS NOT NULL");

  private static final String LOCK_LANES =
      """
      SELECT lane_id FROM lane WHERE lane_id = ANY (:lanes)
      ORDER BY account_id, partition_key FOR UPDATE
      """;

  private static final String STILL_UNPLACED =
      """
      SELECT job_id, account_id, lane_id, object_type, object_ids, gates, turn, after_refs, batch_id
      FROM job
      WHERE job_id = ANY (:ids) AND state IN ('scheduled', 'gated')
      ORDER BY turn
      """;

  private static final String PLACE =
      """
      WITH n AS (
        SELECT job_id, j.lane_id,
          row_number() OVER (PARTITION BY j.lane_id ORDER BY turn) AS nth
        FROM job j WHERE job_id = ANY (:ids)),
      counted AS (
        UPDATE lane l SET open = open + c.n, unplaced = unplaced - c.n,
          last_place = last_place + c.n,
          state = CASE WHEN state = 'idle' THEN 'ready' ELSE state END,
          ready_at = CASE WHEN state = 'idle' THEN hub_now() ELSE ready_at END
        FROM (SELECT lane_id, count(*)::int AS n FROM n GROUP BY lane_id) c
        WHERE l.lane_id = c.lane_id
        RETURNING l.lane_id, l.last_place - c.n AS base)
      UPDATE job j SET state = 'waiting', scheduled_at = NULL, behind = NULL, closed_belt = NULL,
        place = counted.base + n.nth
      FROM n JOIN counted USING (lane_id) WHERE j.job_id = n.job_id
      """;

  private static final String GATE =
      """
      UPDATE job j SET state = 'gated', scheduled_at = NULL, closed_belt = NULL, behind = g.behind
      FROM unnest(:ids, :behind) AS g (job_id, behind) WHERE j.job_id = g.job_id
      """;

  private record Unplaced(UUID id, boolean gates, ObjectOrder.Candidate candidate) {}

  private final Database database;
  private final ObjectOrder objectOrder;

  public Eligibility(Database database) {
    this.database = database;
    this.objectOrder = new ObjectOrder(database);
  }

  /** Places the jobs that are due; returns how many it looked at. */
  public int placeDue() {
    return placeAll(() -> query(DUE, Set.of()));
  }

  /** Places jobs of belts that have opened; returns how many it looked at: at most a step. */
  public int placeOpened() {
    database.statement(() -> database.sql().sql(OPENED_LATER).update());
    int looked = 0;
    for (int found = STEP; found == STEP && looked < BELT_STEP; looked += found) {
      Map<UUID, Long> jobs = database.statement(() -> query(OPENED, Set.of()));
      if (!jobs.isEmpty()) {
        release(database.transaction(() -> place(jobs)));
      }
      found = jobs.size();
    }
    return looked;
  }

  /** Places the jobs that waited for these. */
  public void release(Set<UUID> behind) {
    if (!behind.isEmpty()) {
      placeAll(() -> query(RELEASED, behind));
    }
  }

  /** Places jobs that a crash left gated behind nothing; returns how many: 0 in a healthy run. */
  public int releaseOverlooked() {
    return placeAll(() -> query(OVERLOOKED, Set.of()));
  }

  private int placeAll(Supplier<Map<UUID, Long>> find) {
    int looked = 0;
    Map<UUID, Long> found;
    do {
      found = database.statement(find);
      Map<UUID, Long> jobs = found;
      if (!jobs.isEmpty()) {
        release(database.transaction(() -> place(jobs)));
      }
      looked += jobs.size();
    } while (found.size() == STEP);
    return looked;
  }

  /** Returns those placed for which others wait. */
  private Set<UUID> place(Map<UUID, Long> jobs) {
    database
        .sql()
        .sql(LOCK_LANES)
        .param("lanes", SqlArrays.column("int8", List.copyOf(new HashSet<>(jobs.values())), n -> n))
        .query((row, n) -> n)
        .list();
    List<Unplaced> unplaced =
        database
            .sql()
            .sql(STILL_UNPLACED)
            .param("ids", SqlArrays.uuids(jobs.keySet()))
            .query(Eligibility::unplaced)
            .list();
    Map<UUID, UUID> behind =
        objectOrder.blockers(unplaced.stream().map(Unplaced::candidate).toList());
    List<UUID> free =
        unplaced.stream().map(Unplaced::id).filter(id -> !behind.containsKey(id)).toList();
    if (!free.isEmpty()) {
      database.sql().sql(PLACE).param("ids", SqlArrays.uuids(free)).update();
    }
    gate(behind);
    Set<UUID> gating = new HashSet<>();
    unplaced.stream()
        .filter(job -> job.gates && !behind.containsKey(job.id))
        .forEach(job -> gating.add(job.id));
    return gating;
  }

  private void gate(Map<UUID, UUID> behind) {
    if (!behind.isEmpty()) {
      List<UUID> ids = new ArrayList<>(behind.keySet());
      database
          .sql()
          .sql(GATE)
          .param("ids", SqlArrays.uuids(ids))
          .param("behind", SqlArrays.column("uuid", ids, behind::get))
          .update();
    }
  }

  private Map<UUID, Long> query(String sql, Set<UUID> behind) {
    Map<UUID, Long> jobs = new LinkedHashMap<>();
    var statement = database.sql().sql(sql).param("step", STEP);
    if (sql.contains(":behind")) {
      statement = statement.param("behind", SqlArrays.uuids(behind));
    }
    statement.query(
        row -> {
          jobs.put(row.getObject("job_id", UUID.class), row.getLong("lane_id"));
        });
    return jobs;
  }

  private static List<ObjectRef> after(ResultSet row) throws SQLException {
    java.sql.Array refs = row.getArray("after_refs");
    return refs == null
        ? List.of()
        : Stream.of((String[]) refs.getArray())
            .map(ObjectRef::of)
            .flatMap(Optional::stream)
            .toList();
  }

  private static Unplaced unplaced(ResultSet row, int n) throws SQLException {
    UUID id = row.getObject("job_id", UUID.class);
    return new Unplaced(
        id,
        row.getBoolean("gates"),
        new ObjectOrder.Candidate(
            id,
            row.getInt("account_id"),
            row.getLong("lane_id"),
            row.getString("object_type"),
            List.of((String[]) row.getArray("object_ids").getArray()),
            false,
            false,
            row.getLong("turn"),
            after(row),
            row.getObject("batch_id", UUID.class)));
  }
}
