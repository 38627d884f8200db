package io.egression.ledger;

import io.egression.job.Job;
import io.egression.job.JobState;
import io.egression.job.ObjectRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gives new jobs their places: the lanes' rows are locked and counted up in one statement, in the
 * order of their keys, and the jobs written in the next. To be called inside a transaction.
 */
final class Placement {
  private record LaneKey(int account, String partitionKey) {}

  private static final class Lane {
    final LaneKey key;
    final List<Job> due = new ArrayList<>();
    final List<Job> later = new ArrayList<>();
    int priority;
    long id;
    long lastPlace;
    boolean guarded;

    Lane(LaneKey key) {
      this.key = key;
    }
  }

  /** A job as it will be written. */
  private record Placed(
      Job job,
      Lane lane,
      JobState state,
      @Nullable Long place,
      @Nullable UUID behind,
      boolean gates) {
    /** Of a job that may take the place of another. */
    Optional<Superseding.Newcomer> newcomer() {
      return job.supersede() && (place != null || behind != null) && job.objectIds().size() == 1
          ? Optional.of(new Superseding.Newcomer(job, lane.key.account, lane.id, place != null))
          : Optional.empty();
    }
  }

  private static final String MIX =
      "UPDATE account SET mixed_keys = true WHERE account_id = ANY (:ids) AND NOT mixed_keys";

  private static final String COUNT_UP =
      """
      INSERT INTO lane AS l (account_id, partition_key, open, unplaced, last_place, priority, state, ready_at)
      SELECT account_id, partition_key, due, later, due, priority,
        CASE WHEN due > 0 THEN 'ready' ELSE 'idle' END, CASE WHEN due > 0 THEN hub_now() END
      FROM unnest(:accounts, :keys, :due, :later, :priorities)
        AS n (account_id, partition_key, due, later, priority)
      ORDER BY account_id, partition_key COLLATE "C"
      ON CONFLICT (account_id, partition_key) DO UPDATE SET
        open = l.open + excluded.open,
        unplaced = l.unplaced + excluded.unplaced,
        last_place = l.last_place + excluded.open,
        priority = CASE WHEN l.open = 0 THEN excluded.priority
                        ELSE greatest(l.priority, excluded.priority) END,
        state = CASE WHEN l.state = 'idle' AND excluded.open > 0 THEN 'ready' ELSE l.state END,
        ready_at = CASE WHEN l.state = 'idle' AND excluded.open > 0 THEN hub_now()
                        ELSE l.ready_at END
      RETURNING lane_id, account_id, partition_key, last_place, unplaced,
        (SELECT mixed_keys FROM account a WHERE a.account_id = l.account_id) AS mixed
      """;

  private static final String TAKE_BACK =
      """
      UPDATE lane SET open = open - g.n, unplaced = unplaced + g.n, last_place = last_place - g.n,
        state = CASE WHEN state = 'ready' AND open = g.n THEN 'idle' ELSE state END
      FROM unnest(:lanes, :gated) AS g (lane_id, n) WHERE lane.lane_id = g.lane_id
      """;

  private static final String WRITE =
      """
      INSERT INTO job (job_id, account_id, lane_id, place, source, action, object_type, object_ids,
        explicit_key, priority, traceparent, not_before, state, scheduled_at, behind, gates,
        batch_id, belt, closed_belt, after_refs, correlation_id, tells)
      SELECT job_id, account_id, lane_id, place, source, action, object_type, object_ids::text[],
        explicit_key, priority, traceparent, not_before, state,
        CASE WHEN state = 'scheduled' THEN not_before END, behind, gates,
        batch_id, belt, CASE WHEN belt > 1 THEN batch_id END, after_refs::text[], correlation_id,
        (SELECT a.tells <> '{}' FROM account a WHERE a.account_id = n.account_id)
      FROM unnest(:ids, :accounts, :lanes, :places, :sources, :actions, :types, :objects,
        :explicit, :priorities, :traces, :notBefore, :states, :behind, :gates, :batches, :belts, :after, :correlations)
        AS n (job_id, account_id, lane_id, place, source, action, object_type, object_ids,
        explicit_key, priority, traceparent, not_before, state, behind, gates, batch_id, belt,
        after_refs, correlation_id)
      """;

  private final Database database;
  private final Accounts accounts;
  private final ObjectOrder objectOrder;
  private final BatchJoin batches;
  private final Superseding superseding;

  Placement(Database database, Accounts accounts) {
    this.database = database;
    this.accounts = accounts;
    this.objectOrder = new ObjectOrder(database);
    this.batches = new BatchJoin(database, accounts);
    this.superseding = new Superseding(database);
  }

  /**
   * Writes the jobs, in the order given, and returns each one's state.
   *
   * @param now decides which are due
   */
  Map<UUID, JobState> place(List<Job> jobs, Instant now) {
    mixKeys(jobs);
    Map<LaneKey, Lane> lanes = lanes(jobs, now);
    countUp(lanes);
    batches.join(jobs);
    Map<UUID, UUID> behind = objectOrder.blockers(candidates(jobs, lanes, now));
    takeBack(lanes, behind);
    List<Placed> placed = placed(jobs, lanes, behind);
    write(placed);
    superseding.supersede(placed.stream().map(Placed::newcomer).flatMap(Optional::stream).toList());
    Map<UUID, JobState> states = new HashMap<>();
    placed.forEach(each -> states.put(each.job.id(), each.state));
    return states;
  }

  private void mixKeys(List<Job> jobs) {
    List<Integer> mixed =
        jobs.stream()
            .filter(Job::explicitKey)
            .map(job -> accounts.id(job.account()))
            .distinct()
            .sorted()
            .toList();
    if (!mixed.isEmpty()) {
      database.sql().sql(MIX).param("ids", SqlArrays.column("int4", mixed, id -> id)).update();
    }
  }

  private Map<LaneKey, Lane> lanes(List<Job> jobs, Instant now) {
    Map<LaneKey, Lane> lanes = new LinkedHashMap<>();
    for (Job job : jobs) {
      Lane lane = lanes.computeIfAbsent(key(job), Lane::new);
      (isDue(job, now) ? lane.due : lane.later).add(job);
      lane.priority = Math.max(lane.priority, job.priority());
    }
    return lanes;
  }

  private LaneKey key(Job job) {
    return new LaneKey(accounts.id(job.account()), job.partitionKey());
  }

  /** A job of a later belt waits for it first, whether that is open or not. */
  private static boolean isDue(Job job, Instant now) {
    if (waitsForBelt(job)) {
      return false;
    }
    return job.notBefore() == null || !job.notBefore().isAfter(now);
  }

  private static boolean waitsForBelt(Job job) {
    return job.belt() != null && job.belt().mayWait();
  }

  private void countUp(Map<LaneKey, Lane> lanes) {
    List<Lane> rows = List.copyOf(lanes.values());
    database
        .sql()
        .sql(COUNT_UP)
        .param("accounts", SqlArrays.column("int4", rows, lane -> lane.key.account))
        .param("keys", SqlArrays.column("text", rows, lane -> lane.key.partitionKey))
        .param("due", SqlArrays.column("int4", rows, lane -> lane.due.size()))
        .param("later", SqlArrays.column("int4", rows, lane -> lane.later.size()))
        .param("priorities", SqlArrays.column("int2", rows, lane -> lane.priority))
        .query(
            row -> {
              Lane lane =
                  lanes.get(new LaneKey(row.getInt("account_id"), row.getString("partition_key")));
              lane.id = row.getLong("lane_id");
              lane.lastPlace = row.getLong("last_place");
              lane.guarded = row.getInt("unplaced") > 0 || row.getBoolean("mixed");
            });
  }

  private List<ObjectOrder.Candidate> candidates(
      List<Job> jobs, Map<LaneKey, Lane> lanes, Instant now) {
    List<ObjectOrder.Candidate> guarded = new ArrayList<>();
    boolean all = jobs.stream().anyMatch(job -> !job.after().isEmpty());
    for (Job job : jobs) {
      Lane lane = lanes.get(key(job));
      if (lane.guarded || all) {
        guarded.add(
            new ObjectOrder.Candidate(
                job.id(),
                lane.key.account,
                lane.id,
                job.objectType(),
                job.objectIds(),
                !isDue(job, now),
                false,
                null,
                job.after(),
                job.belt() == null ? null : job.belt().batch()));
      }
    }
    return guarded;
  }

  private void takeBack(Map<LaneKey, Lane> lanes, Map<UUID, UUID> behind) {
    List<Lane> changed = new ArrayList<>();
    List<Integer> gated = new ArrayList<>();
    for (Lane lane : lanes.values()) {
      int n = (int) lane.due.stream().filter(job -> behind.containsKey(job.id())).count();
      if (n > 0) {
        changed.add(lane);
        gated.add(n);
        lane.lastPlace -= n;
        lane.due.removeIf(job -> behind.containsKey(job.id()));
      }
    }
    if (!changed.isEmpty()) {
      database
          .sql()
          .sql(TAKE_BACK)
          .param("lanes", SqlArrays.column("int8", changed, lane -> lane.id))
          .param("gated", SqlArrays.column("int4", gated, n -> n))
          .update();
    }
  }

  private List<Placed> placed(List<Job> jobs, Map<LaneKey, Lane> lanes, Map<UUID, UUID> behind) {
    Map<Lane, Long> next = new HashMap<>();
    Set<UUID> gating = new HashSet<>(behind.values());
    List<Placed> placed = new ArrayList<>();
    for (Job job : jobs) {
      Lane lane = lanes.get(key(job));
      UUID before = behind.get(job.id());
      boolean gates = gating.contains(job.id());
      if (!lane.later.isEmpty() && lane.later.contains(job)) {
        JobState state = waitsForBelt(job) ? JobState.GATED : JobState.SCHEDULED;
        placed.add(new Placed(job, lane, state, null, null, gates));
      } else if (before != null) {
        placed.add(new Placed(job, lane, JobState.GATED, null, before, gates));
      } else {
        long place = next.merge(lane, lane.lastPlace - lane.due.size() + 1, (n, first) -> n + 1);
        placed.add(new Placed(job, lane, JobState.WAITING, place, null, gates));
      }
    }
    return placed;
  }

  private static @Nullable String after(Job job) {
    return job.after().isEmpty()
        ? null
        : SqlArrays.literal(job.after().stream().map(ObjectRef::toString).toList());
  }

  private void write(List<Placed> rows) {
    database
        .sql()
        .sql(WRITE)
        .param("ids", SqlArrays.column("uuid", rows, row -> row.job.id()))
        .param("accounts", SqlArrays.column("int4", rows, row -> row.lane.key.account))
        .param("lanes", SqlArrays.column("int8", rows, row -> row.lane.id))
        .param("places", SqlArrays.column("int8", rows, Placed::place))
        .param("sources", SqlArrays.column("text", rows, row -> row.job.source()))
        .param("actions", SqlArrays.column("text", rows, row -> row.job.action().word()))
        .param("types", SqlArrays.column("text", rows, row -> row.job.objectType()))
        .param(
            "objects",
            SqlArrays.column("text", rows, row -> SqlArrays.literal(row.job.objectIds())))
        .param("explicit", SqlArrays.column("bool", rows, row -> row.job.explicitKey()))
        .param("priorities", SqlArrays.column("int2", rows, row -> row.job.priority()))
        .param("traces", SqlArrays.column("text", rows, row -> row.job.traceparent()))
        .param("notBefore", SqlArrays.column("timestamptz", rows, row -> row.job.notBefore()))
        .param("states", SqlArrays.column("text", rows, row -> row.state.word()))
        .param("behind", SqlArrays.column("uuid", rows, Placed::behind))
        .param("gates", SqlArrays.column("bool", rows, Placed::gates))
        .param(
            "batches",
            SqlArrays.column(
                "uuid", rows, row -> row.job.belt() == null ? null : row.job.belt().batch()))
        .param(
            "belts",
            SqlArrays.column(
                "int2", rows, row -> row.job.belt() == null ? null : row.job.belt().belt()))
        .param("after", SqlArrays.column("text", rows, row -> after(row.job)))
        .param("correlations", SqlArrays.column("text", rows, row -> row.job.correlationId()))
        .update();
  }
}
