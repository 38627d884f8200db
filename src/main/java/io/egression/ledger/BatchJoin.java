package io.egression.ledger;

import io.egression.job.Job;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** Counts new jobs into their batches. To be called inside a transaction that holds the lanes. */
final class BatchJoin {
  private static final String LOCK =
      """
      SELECT batch_id FROM batch
      WHERE batch_id = ANY (:batches) AND sealed_at IS NULL AND cancelled_by IS NULL
      ORDER BY batch_id FOR SHARE
      """;

  private static final String CLOSED =
      """
      SELECT batch_id FROM batch JOIN unnest(:batches, :belts) AS n (batch_id, belt) USING (batch_id)
      WHERE n.belt <= closed_belts LIMIT 1
      """;

  private static final String COUNT =
      """
      WITH n AS (
        SELECT batch_id, account_id, belt, count(*)::int AS jobs
        FROM unnest(:batches, :accounts, :belts) AS n (batch_id, account_id, belt) GROUP BY 1, 2, 3),
      known AS (
        INSERT INTO batch_belt (batch_id, account_id, belt, opened_at, filled)
        SELECT batch_id, account_id, belt, CASE WHEN belt = 1 THEN hub_now() END, belt = 1 FROM n
        ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING)
      INSERT INTO batch_change SELECT batch_id, account_id, belt, jobs, jobs, 0 FROM n
      """;

  private final Database database;
  private final Accounts accounts;

  BatchJoin(Database database, Accounts accounts) {
    this.database = database;
    this.accounts = accounts;
  }

  /**
   * @throws BatchClosedException if one of the batches, or the belt, takes no more jobs
   */
  void join(List<Job> all) {
    List<Job> jobs = all.stream().filter(job -> job.belt() != null).toList();
    if (jobs.isEmpty()) {
      return;
    }
    List<UUID> wanted =
        jobs.stream().map(job -> Objects.requireNonNull(job.belt()).batch()).distinct().toList();
    List<UUID> open =
        database.sql().sql(LOCK).param("batches", SqlArrays.uuids(wanted)).query(UUID.class).list();
    wanted.stream()
        .filter(batch -> !open.contains(batch))
        .findFirst()
        .ifPresent(
            batch -> {
              throw new BatchClosedException(batch, "the batch takes no more jobs: it is sealed");
            });
    with(CLOSED, jobs)
        .query(UUID.class)
        .optional()
        .ifPresent(
            batch -> {
              throw new BatchClosedException(batch, "its belt takes no more jobs: it is closed");
            });
    with(COUNT, jobs)
        .param("accounts", SqlArrays.column("int4", jobs, job -> accounts.id(job.account())))
        .update();
  }

  private org.springframework.jdbc.core.simple.JdbcClient.StatementSpec with(
      String sql, List<Job> jobs) {
    return database
        .sql()
        .sql(sql)
        .param(
            "batches",
            SqlArrays.column("uuid", jobs, job -> Objects.requireNonNull(job.belt()).batch()))
        .param(
            "belts",
            SqlArrays.column("int2", jobs, job -> Objects.requireNonNull(job.belt()).belt()));
  }
}
