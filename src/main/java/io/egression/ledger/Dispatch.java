package io.egression.ledger;

import io.egression.job.AccountKey;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Chooses the lanes whose next run goes to the broker: of each account at most its window at once,
 * by priority, then the oldest first. Several nodes may do so at the same time. Thread safe.
 */
public final class Dispatch {
  private static final int STEP = 500;

  /**
   * A run to be sent.
   *
   * @param jobs how many jobs it will have at least
   * @param firstJob its first job
   * @param attempt the number of the first job's next call
   * @param body a copy of the jobs, for reading only: JSON
   */
  public record Publication(
      UUID run,
      long lane,
      AccountKey account,
      String connector,
      String partitionKey,
      int priority,
      int jobs,
      UUID firstJob,
      int attempt,
      String body) {}

  private static final String WAKE =
      """
      WITH due AS (
        SELECT lane_id FROM lane WHERE state = 'waiting' AND due_at <= hub_now()
        ORDER BY due_at LIMIT :step FOR UPDATE SKIP LOCKED)
      UPDATE lane l SET state = 'ready', ready_at = l.due_at,
        due_at = CASE WHEN limited IS NOT NULL THEN l.due_at END
      FROM due WHERE l.lane_id = due.lane_id
      """;

  /**
   * Accounts with something to send: one look at the index for each, for an EXISTS may be joined
   * with all lanes that are ready. They are locked so that another node does not fill the same
   * window; so are connectors that have a window of their own. A lost dispatch is found by the
   * sweep, so its commit need not wait for the disk.
   */
  private static final String ADMIT =
      """
      SELECT a.account_id, c.concurrency IS NOT NULL AS capped,
        set_config('synchronous_commit', 'off', true)
      FROM account a JOIN connector c USING (connector)
      WHERE a.configured
        AND coalesce(account_paused_until(a), '-infinity') <= hub_now()
        AND coalesce(c.paused_until, '-infinity') <= hub_now()
        AND (SELECT true FROM lane l WHERE l.account_id = a.account_id AND l.state = 'ready' LIMIT 1)
      FOR NO KEY UPDATE OF a SKIP LOCKED
      """;

  private static final String LOCK_CAPPED =
      """
      SELECT connector FROM connector WHERE concurrency IS NOT NULL
        AND connector IN (SELECT connector FROM account WHERE account_id = ANY (:accounts))
      ORDER BY connector FOR NO KEY UPDATE
      """;

  /**
   * Lanes whose turn at a limit has come go first: the permit is there now. Those picked are looked
   * up by their ids alone: with their state, too, all that are ready would be read. (The plan is
   * made while the tables are empty, and kept.)
   */
  private static final String QUEUE =
      """
      WITH free AS (
        SELECT connector, concurrency - (
          SELECT count(*) FROM account b JOIN lane f USING (account_id)
          WHERE b.connector = c.connector AND f.state IN ('queued', 'running')) AS seats
        FROM connector c WHERE concurrency IS NOT NULL
          AND connector IN (SELECT connector FROM account WHERE account_id = ANY (:accounts))),
      candidate AS (
        SELECT l.lane_id, a.connector, row_number() OVER (PARTITION BY a.connector
          ORDER BY l.limited IS NULL, l.priority DESC, l.ready_at) AS nth
        FROM account a JOIN connector k USING (connector)
        CROSS JOIN LATERAL (
          SELECT lane_id, limited, priority, ready_at FROM lane
          WHERE account_id = a.account_id AND state = 'ready'
            AND (k.linger_ms = 0 OR limited IS NOT NULL OR open >= least(a.run_size, k.linger_jobs)
              OR ready_at <= hub_now() - k.linger_ms * interval '1 millisecond')
          ORDER BY limited IS NULL, priority DESC, ready_at
          LIMIT greatest(0, CASE WHEN a.probing THEN 1 ELSE a.window_size END - (
            SELECT count(*) FROM lane f
            WHERE f.account_id = a.account_id
              AND (f.state IN ('queued', 'running') OR (f.limited = 'all' AND f.state = 'waiting'))))
          FOR UPDATE SKIP LOCKED) l
        WHERE a.account_id = ANY (:accounts)),
      picked AS (
        SELECT lane_id FROM candidate LEFT JOIN free USING (connector)
        WHERE nth <= coalesce(seats, nth)
        LIMIT :step),
      queued AS (
        UPDATE lane l SET state = 'queued', run_id = gen_random_uuid(), queued_at = hub_now(),
          ready_at = NULL,
          queued_to = (
            SELECT CASE WHEN k.discards_removed THEN (
              SELECT max(place) FROM (
                SELECT place FROM job WHERE job.lane_id = l.lane_id AND place > l.final_place
                  AND job.state = 'waiting' ORDER BY place LIMIT a.run_size) n) END
            FROM account a JOIN connector k USING (connector) WHERE a.account_id = l.account_id)
        WHERE l.lane_id = ANY (ARRAY(SELECT lane_id FROM picked))
        RETURNING l.*)
      SELECT q.run_id, q.lane_id, q.partition_key, q.priority, a.subscription, a.channel, a.connector,
        j.jobs, j.first_job, j.attempt,
        CASE WHEN octet_length(j.body) <= 60000 THEN j.body ELSE j.short END AS body
      FROM queued q JOIN account a USING (account_id)
      CROSS JOIN LATERAL (
        SELECT count(*) AS jobs,
          (array_agg(job_id ORDER BY place))[1] AS first_job,
          (array_agg(attempts ORDER BY place))[1] + 1 AS attempt,
          json_agg(json_build_object('id', job_id, 'place', place, 'action', action,
            'objectType', object_type, 'objectIds', object_ids) ORDER BY place)::text AS body,
          json_agg(json_build_object('id', job_id) ORDER BY place)::text AS short
        FROM (SELECT * FROM job WHERE job.lane_id = q.lane_id AND place > q.final_place
              AND job.state = 'waiting' ORDER BY place LIMIT a.run_size) n) j
      """;

  private static final String UNDO =
      """
      UPDATE lane SET state = CASE WHEN open = 0 THEN 'idle' ELSE 'ready' END, run_id = NULL,
        ready_at = queued_at, reason = :reason
      WHERE lane_id IN (SELECT lane_id FROM lane
                        WHERE lane_id = ANY (:lanes) AND state = 'queued' AND run_id = ANY (:runs)
                        ORDER BY account_id, partition_key FOR UPDATE)
      """;

  private static final String NEXT_DUE =
      """
      SELECT extract(epoch FROM least(
        (SELECT min(due_at) FROM lane WHERE state = 'waiting'),
        (SELECT min(scheduled_at) FROM job WHERE scheduled_at IS NOT NULL),
        (SELECT min(r.ready_at + k.linger_ms * interval '1 millisecond')
         FROM connector k JOIN account a USING (connector) CROSS JOIN LATERAL (
           SELECT min(ready_at) AS ready_at FROM lane l
           WHERE l.account_id = a.account_id AND l.state = 'ready'
             AND l.ready_at > hub_now() - k.linger_ms * interval '1 millisecond') r
         WHERE k.linger_ms > 0),
        (SELECT min(paused_until) FROM account
         WHERE paused_until > hub_now() AND paused_until < 'infinity'),
        (SELECT least(min(open_from) FILTER (WHERE open_from > hub_now()), min(open_to)) FROM account
         WHERE open_to > hub_now()),
        (SELECT min(paused_until) FROM connector
         WHERE paused_until > hub_now() AND paused_until < 'infinity')) - hub_now()) * 1000
      """;

  private final Database database;

  public Dispatch(Database database) {
    this.database = database;
  }

  /** Makes the waiting lanes that are due ready. */
  public void wakeDue() {
    int woken;
    do {
      woken = database.statement(() -> database.sql().sql(WAKE).param("step", STEP).update());
    } while (woken == STEP);
  }

  /** Marks the next runs as queued and returns them to be sent; at most some hundred at a time. */
  public List<Publication> next() {
    return database.transaction(
        () -> {
          List<Integer> accounts = admit();
          if (accounts.isEmpty()) {
            return List.of();
          }
          return database
              .sql()
              .sql(QUEUE)
              .param("accounts", SqlArrays.column("int4", accounts, id -> id))
              .param("step", STEP)
              .query(Dispatch::publication)
              .list();
        });
  }

  private List<Integer> admit() {
    List<Integer> accounts = new ArrayList<>();
    AtomicBoolean capped = new AtomicBoolean();
    database
        .sql()
        .sql(ADMIT)
        .query(
            row -> {
              accounts.add(row.getInt("account_id"));
              capped.compareAndSet(false, row.getBoolean("capped"));
            });
    if (capped.get()) {
      database
          .sql()
          .sql(LOCK_CAPPED)
          .param("accounts", SqlArrays.column("int4", accounts, id -> id))
          .query((row, n) -> row.getString("connector"))
          .list();
    }
    return accounts;
  }

  /** Takes back runs that could not be sent. */
  public void undo(Collection<Publication> runs, String reason) {
    List<Publication> all = List.copyOf(runs);
    database.statement(
        () ->
            database
                .sql()
                .sql(UNDO)
                .param("lanes", SqlArrays.column("int8", all, Publication::lane))
                .param("runs", SqlArrays.column("uuid", all, Publication::run))
                .param("reason", reason)
                .update());
  }

  /** How long until something is due by time; empty: nothing is. */
  public Optional<Duration> untilDue() {
    return database.statement(
        () ->
            database
                .sql()
                .sql(NEXT_DUE)
                .query((row, n) -> Optional.ofNullable(row.getBigDecimal(1)))
                .single()
                .map(millis -> Duration.ofMillis(Math.max(0, millis.longValue()))));
  }

  private static Publication publication(ResultSet row, int n) throws SQLException {
    return new Publication(
        row.getObject("run_id", UUID.class),
        row.getLong("lane_id"),
        new AccountKey(row.getString("subscription"), row.getString("channel")),
        row.getString("connector"),
        row.getString("partition_key"),
        row.getInt("priority"),
        row.getInt("jobs"),
        row.getObject("first_job", UUID.class),
        row.getInt("attempt"),
        row.getString("body"));
  }
}
