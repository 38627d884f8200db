package io.egression.ledger;

import io.egression.job.JobState;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** All lanes and jobs of a ledger at one moment. */
record Picture(Map<Long, Lane> lanes, Map<UUID, Job> jobs) {
  record Lane(
      long id,
      int account,
      ModelAccount of,
      String key,
      String state,
      @Nullable UUID reasonJob,
      int open,
      int unplaced,
      long lastPlace,
      long finalPlace,
      boolean hasReadyAt,
      boolean hasDueAt,
      @Nullable UUID run,
      @Nullable UUID node) {
    boolean isHeldBy(UUID run, UUID node) {
      return state.equals("running") && run.equals(this.run) && node.equals(this.node);
    }
  }

  record Job(
      UUID id,
      long lane,
      int account,
      @Nullable Long place,
      JobState state,
      String type,
      List<String> objects,
      List<String> pending,
      int attempts,
      int attemptRows,
      int lost,
      int deaths,
      @Nullable UUID behind,
      boolean hasScheduledAt,
      boolean hasDiedAt,
      boolean hasFinishedAt,
      boolean letterDue,
      @Nullable String cancelAsked) {
    boolean isOpen() {
      return !state.isFinal();
    }

    boolean sharesObjectWith(Job other) {
      return account == other.account
          && type.equals(other.type)
          && objects.stream().anyMatch(other.objects::contains);
    }
  }

  static Picture take(Database database) {
    Map<Long, Lane> lanes = new LinkedHashMap<>();
    database
        .sql()
        .sql("SELECT * FROM lane JOIN account USING (account_id) ORDER BY lane_id")
        .query((row, n) -> lane(row))
        .list()
        .forEach(lane -> lanes.put(lane.id, lane));
    Map<UUID, Job> jobs = new LinkedHashMap<>();
    database
        .sql()
        .sql(
            """
            SELECT j.*, coalesce(pending_ids, object_ids) AS pending,
              (SELECT count(*) FROM attempt a WHERE a.job_id = j.job_id) AS attempt_rows
            FROM job j ORDER BY job_id
            """)
        .query((row, n) -> job(row))
        .list()
        .forEach(job -> jobs.put(job.id, job));
    return new Picture(lanes, jobs);
  }

  Lane lane(long id) {
    return Objects.requireNonNull(lanes.get(id), () -> "no lane " + id);
  }

  Job job(UUID id) {
    return Objects.requireNonNull(jobs.get(id), () -> "no job " + id);
  }

  Stream<Job> in(Lane lane) {
    return jobs.values().stream().filter(job -> job.lane == lane.id);
  }

  /** The jobs that wait in the lane, in their order. */
  List<Job> waiting(Lane lane) {
    return in(lane)
        .filter(job -> job.state == JobState.WAITING)
        .sorted(Comparator.comparing(Job::place))
        .toList();
  }

  boolean allFinal() {
    return jobs.values().stream().noneMatch(Job::isOpen);
  }

  private static Lane lane(ResultSet row) throws SQLException {
    return new Lane(
        row.getLong("lane_id"),
        row.getInt("account_id"),
        ModelAccount.of(
            new io.egression.job.AccountKey(
                row.getString("subscription"), row.getString("channel"))),
        row.getString("partition_key"),
        row.getString("state"),
        row.getObject("reason_job", UUID.class),
        row.getInt("open"),
        row.getInt("unplaced"),
        row.getLong("last_place"),
        row.getLong("final_place"),
        row.getObject("ready_at") != null,
        row.getObject("due_at") != null,
        row.getObject("run_id", UUID.class),
        row.getObject("node_id", UUID.class));
  }

  private static Job job(ResultSet row) throws SQLException {
    return new Job(
        row.getObject("job_id", UUID.class),
        row.getLong("lane_id"),
        row.getInt("account_id"),
        row.getObject("place", Long.class),
        JobState.of(row.getString("state")).orElseThrow(),
        row.getString("object_type"),
        texts(row.getArray("object_ids")),
        texts(row.getArray("pending")),
        row.getInt("attempts"),
        row.getInt("attempt_rows"),
        row.getInt("lost"),
        row.getInt("deaths"),
        row.getObject("behind", UUID.class),
        row.getObject("scheduled_at") != null,
        row.getObject("died_at") != null,
        row.getObject("finished_at") != null,
        row.getBoolean("letter_due"),
        row.getString("cancel_asked"));
  }

  private static List<String> texts(Array array) throws SQLException {
    return Arrays.asList((String[]) array.getArray());
  }
}
