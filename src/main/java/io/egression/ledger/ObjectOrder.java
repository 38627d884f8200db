package io.egression.ledger;

import io.egression.job.ObjectRef;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a job from passing an earlier open job of the same account and object where places alone do
 * not: the earlier one is scheduled or gated (has no place yet), or has another partition key. And
 * a job from beginning before the earlier jobs of objects after which it is to come have ended. To
 * be called inside a transaction that holds the lanes' locks.
 */
final class ObjectOrder {
  /**
   * A job to be placed.
   *
   * @param scheduled it is not due yet: it blocks others, and is looked at again when due
   * @param first it goes first in its lane: only a job with a place in another lane blocks it
   * @param turn null: the next, so that every job in the ledger is earlier
   * @param after objects whose earlier jobs have to end first
   * @param batch of which a dead job of such an object keeps it back, if the batch holds
   */
  record Candidate(
      UUID id,
      int account,
      long lane,
      String type,
      List<String> objects,
      boolean scheduled,
      boolean first,
      @Nullable Long turn,
      List<ObjectRef> after,
      @Nullable UUID batch) {
    List<Ref> refs() {
      return objects.stream().map(object -> new Ref(account, type, object, null)).toList();
    }

    List<Ref> afterRefs() {
      return after.stream()
          .map(ref -> new Ref(account, ref.type(), ref.id(), new Waiting(batch)))
          .toList();
    }
  }

  /**
   * @param waiting null: for the order of the object's own jobs
   */
  private record Ref(int account, String type, String object, @Nullable Waiting waiting) {}

  /** That a job waits for the object, as one of this batch. */
  private record Waiting(@Nullable UUID batch) {}

  private record Open(UUID id, long lane, boolean placed, @Nullable Long turn, boolean dead) {
    /** Until it has ended, wherever it is. */
    boolean precedes(Candidate job) {
      return !id.equals(job.id) && (job.turn == null || (turn != null && turn < job.turn));
    }

    boolean blocks(Candidate job) {
      if (id.equals(job.id) || (placed && lane == job.lane)) {
        return false;
      }
      return job.first ? placed : job.turn == null || (turn != null && turn < job.turn);
    }
  }

  /** One acceptance at a time per account whose objects may be in several lanes. */
  private static final String SERIALISE =
      """
      SELECT pg_advisory_xact_lock(7001, account_id) FROM
        (SELECT account_id FROM account WHERE account_id = ANY (:accounts) AND mixed_keys
         ORDER BY account_id) a
      """;

  /** One that was replayed is the first again for those that have waited for it. */
  private static final String OPEN =
      """
      SELECT o.*, j.job_id, j.lane_id AS job_lane, j.place IS NOT NULL AS placed,
        CASE WHEN o.waits AND j.deaths > 0 THEN 0 ELSE j.turn END AS turn, j.state = 'dead' AS dead
      FROM (SELECT DISTINCT * FROM unnest(:accounts, :lanes, :types, :objects, :waits, :batches)
            AS o (account_id, lane_id, object_type, object_id, waits, batch_id)) o
      CROSS JOIN LATERAL jobs_of(o.account_id, o.object_type, o.object_id) j
      WHERE (j.state IN ('scheduled', 'gated', 'waiting')
             AND (o.waits OR j.place IS NULL OR j.lane_id <> o.lane_id))
         OR (o.waits AND j.state = 'dead' AND j.batch_id = o.batch_id AND batch_holds(j))
      ORDER BY j.turn
      """;

  private static final String MARK =
      """
      UPDATE job SET gates = true
      WHERE job_id = ANY (:ids) AND (state IN ('scheduled', 'gated', 'waiting')
        OR (state = 'dead' AND job_id = ANY (:dead)))
      RETURNING job_id
      """;

  private final Database database;

  ObjectOrder(Database database) {
    this.database = database;
  }

  /**
   * Which of the jobs, given in order, must wait for which other job (the first of several: it is
   * looked at again when that one ends). The others' rows are marked, so that their end releases
   * the waiting ones; those of jobs without {@code turn} the caller is about to write, and marks.
   */
  Map<UUID, UUID> blockers(List<Candidate> jobs) {
    if (jobs.isEmpty()) {
      return Map.of();
    }
    Map<Ref, List<Open>> open = open(jobs);
    Set<UUID> ended = new HashSet<>();
    while (true) {
      Map<UUID, UUID> behind = behind(jobs, open, ended);
      Set<UUID> toMark = new HashSet<>(behind.values());
      jobs.stream().filter(job -> job.turn == null).forEach(job -> toMark.remove(job.id()));
      Set<UUID> marked = mark(toMark, dead(open));
      if (marked.containsAll(toMark)) {
        return behind;
      }
      toMark.removeAll(marked);
      ended.addAll(toMark);
    }
  }

  private static Map<UUID, UUID> behind(
      List<Candidate> jobs, Map<Ref, List<Open>> open, Set<UUID> ended) {
    Map<UUID, UUID> behind = new HashMap<>();
    Map<Ref, List<Open>> earlier = new HashMap<>();
    open.forEach((ref, list) -> earlier.put(ref, new ArrayList<>(list)));
    for (Candidate job : jobs) {
      List<Open> blocking =
          Stream.concat(
                  job.refs().stream()
                      .flatMap(ref -> earlier.getOrDefault(ref, List.of()).stream())
                      .filter(other -> other.blocks(job)),
                  job.afterRefs().stream()
                      .flatMap(ref -> awaited(ref, open, earlier))
                      .filter(other -> other.precedes(job)))
              .filter(other -> !ended.contains(other.id))
              .toList();
      if (!job.scheduled && !blocking.isEmpty()) {
        behind.put(job.id, blocking.get(0).id);
      }
      boolean placed = !job.scheduled && blocking.isEmpty();
      for (Ref ref : job.refs()) {
        List<Open> list = earlier.computeIfAbsent(ref, r -> new ArrayList<>());
        list.removeIf(other -> other.id.equals(job.id));
        list.add(new Open(job.id, job.lane, placed, job.turn, false));
      }
    }
    return behind;
  }

  /** Those in the ledger, and those that are given along. */
  private static Stream<Open> awaited(
      Ref ref, Map<Ref, List<Open>> open, Map<Ref, List<Open>> earlier) {
    Ref own = new Ref(ref.account, ref.type, ref.object, null);
    return Stream.concat(
        open.getOrDefault(ref, List.of()).stream(), earlier.getOrDefault(own, List.of()).stream());
  }

  private static Set<UUID> dead(Map<Ref, List<Open>> open) {
    return open.values().stream()
        .flatMap(List::stream)
        .filter(Open::dead)
        .map(Open::id)
        .collect(Collectors.toSet());
  }

  private Map<Ref, List<Open>> open(List<Candidate> all) {
    database
        .sql()
        .sql(SERIALISE)
        .param(
            "accounts",
            SqlArrays.column(
                "int4", all.stream().map(Candidate::account).distinct().toList(), id -> id))
        .query((row, n) -> n)
        .list();
    List<Candidate> jobs = new ArrayList<>();
    List<Ref> refs = new ArrayList<>();
    for (Candidate job : all) {
      for (Ref ref : Stream.concat(job.refs().stream(), job.afterRefs().stream()).toList()) {
        jobs.add(job);
        refs.add(ref);
      }
    }
    Map<Ref, List<Open>> open = new HashMap<>();
    database
        .sql()
        .sql(OPEN)
        .param("accounts", SqlArrays.column("int4", jobs, Candidate::account))
        .param("lanes", SqlArrays.column("int8", jobs, Candidate::lane))
        .param("types", SqlArrays.column("text", refs, Ref::type))
        .param("objects", SqlArrays.column("text", refs, Ref::object))
        .param("waits", SqlArrays.column("bool", refs, ref -> ref.waiting != null))
        .param(
            "batches",
            SqlArrays.column("uuid", refs, ref -> ref.waiting == null ? null : ref.waiting.batch))
        .query(
            row -> {
              open.computeIfAbsent(ref(row), r -> new ArrayList<>()).add(open(row));
            });
    return open;
  }

  private Set<UUID> mark(Collection<UUID> ids, Set<UUID> dead) {
    if (ids.isEmpty()) {
      return Set.of();
    }
    return new HashSet<>(
        database
            .sql()
            .sql(MARK)
            .param("ids", SqlArrays.uuids(ids))
            .param("dead", SqlArrays.uuids(dead))
            .query(UUID.class)
            .list());
  }

  private static Ref ref(ResultSet row) throws SQLException {
    return new Ref(
        row.getInt("account_id"),
        row.getString("object_type"),
        row.getString("object_id"),
        row.getBoolean("waits") ? new Waiting(row.getObject("batch_id", UUID.class)) : null);
  }

  private static Open open(ResultSet row) throws SQLException {
    return new Open(
        row.getObject("job_id", UUID.class),
        row.getLong("job_lane"),
        row.getBoolean("placed"),
        row.getLong("turn"),
        row.getBoolean("dead"));
  }
}
