package io.egression.ledger;

import io.egression.job.AccountKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Removes final jobs that were kept long enough, with their attempts, events and decisions, in
 * small steps. Ids begin with the time of acceptance, so they are found without a look at the
 * others. Thread safe.
 */
public final class Pruning {
  private static final int STEP = 500;

  private static final String STEP_OF =
      """
      SELECT job_id, (state IN ('delivered', 'superseded', 'cancelled') AND finished_at < hub_now() - :done * interval '1 millisecond')
        OR (state IN ('dead', 'filtered') AND NOT letter_due AND finished_at < hub_now() - :explained * interval '1 millisecond')
        AS over
      FROM job
      WHERE account_id = (SELECT account_id FROM account WHERE subscription = :subscription AND channel = :channel)
        AND job_id > :after AND job_id < :before
      ORDER BY job_id LIMIT :step
      """;

  private static final String REMOVE =
      """
      WITH gone AS (
        DELETE FROM job WHERE job_id = ANY (:ids)
          AND state IN ('delivered', 'superseded', 'cancelled', 'dead', 'filtered')
        RETURNING job_id),
      attempts AS (DELETE FROM attempt USING gone WHERE attempt.job_id = gone.job_id),
      events AS (DELETE FROM job_event USING gone WHERE job_event.job_id = gone.job_id),
      decisions AS (DELETE FROM filter_decision d USING gone WHERE d.job_id = gone.job_id)
      SELECT count(*) FROM gone
      """;

  private static final String BATCHES =
      """
      WITH old AS (
        SELECT batch_id FROM batch b
        WHERE created_at < hub_now() - :explained * interval '1 millisecond' AND sealed_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM job WHERE job.batch_id = b.batch_id)
        ORDER BY created_at LIMIT :step),
      belts AS (DELETE FROM batch_belt USING old WHERE batch_belt.batch_id = old.batch_id)
      DELETE FROM batch USING old WHERE batch.batch_id = old.batch_id
      """;

  private record Looked(UUID job, boolean over) {}

  /**
   * @param next from where to go on; null: all have been looked at
   */
  public record Step(int removed, @Nullable UUID next) {}

  private final Database database;

  public Pruning(Database database) {
    this.database = database;
  }

  /**
   * One step over an account's jobs.
   *
   * @param after where the step before ended; null: from the oldest
   * @param now the hub's time
   */
  public Step prune(
      AccountKey account, Duration done, Duration explained, @Nullable UUID after, Instant now) {
    Duration least = done.compareTo(explained) < 0 ? done : explained;
    List<Looked> looked =
        database.statement(
            () ->
                database
                    .sql()
                    .sql(STEP_OF)
                    .param("subscription", account.subscription())
                    .param("channel", account.channel())
                    .param("done", done.toMillis())
                    .param("explained", explained.toMillis())
                    .param("after", after == null ? new UUID(0, 0) : after)
                    .param("before", firstOf(now.minus(least)))
                    .param("step", STEP)
                    .query(
                        (row, n) ->
                            new Looked(row.getObject("job_id", UUID.class), row.getBoolean("over")))
                    .list());
    List<UUID> over = looked.stream().filter(Looked::over).map(Looked::job).toList();
    int removed = over.isEmpty() ? 0 : remove(over);
    return new Step(removed, looked.size() < STEP ? null : looked.get(STEP - 1).job);
  }

  private int remove(List<UUID> jobs) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(REMOVE)
                .param("ids", SqlArrays.uuids(jobs))
                .query(Integer.class)
                .single());
  }

  /** Removes batches that have no jobs any more. */
  public void pruneBatches(Duration explained) {
    database.statement(
        () ->
            database
                .sql()
                .sql(BATCHES)
                .param("explained", explained.toMillis())
                .param("step", STEP)
                .update());
  }

  /** The first id of version 7 (RFC 9562) of a millisecond. */
  private static UUID firstOf(Instant moment) {
    return new UUID(Math.max(0, moment.toEpochMilli()) << 16 | 0x7000L, Long.MIN_VALUE);
  }
}
