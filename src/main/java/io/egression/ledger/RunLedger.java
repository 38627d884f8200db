package io.egression.ledger;

import io.egression.job.AccountKey;
import io.egression.job.Action;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.support.SqlArrayValue;

/**
 * Claims runs and records their steps, grouped over concurrent consumers. Both are conditional on
 * run id and node, so a repeated or stale message claims nothing and a repeated step changes
 * nothing. While the database is away both wait for it. Thread safe.
 */
public final class RunLedger implements AutoCloseable {
  private record Claim(long lane, UUID run) {}

  /**
   * Also what this node has claimed already: the commit's answer may have been lost. A lane has a
   * run while it is queued or running, and a node while it is running.
   */
  private static final String CLAIM =
      """
      WITH wanted AS (SELECT * FROM unnest(:lanes, :runs) AS w (lane_id, run_id)),
      locked AS MATERIALIZED (
        SELECT l.lane_id FROM lane l JOIN wanted w USING (lane_id)
        WHERE l.run_id = w.run_id AND coalesce(l.node_id = :node, true)
        ORDER BY l.account_id, l.partition_key FOR UPDATE OF l)
      UPDATE lane l SET state = 'running', node_id = :node, claimed_at = hub_now(),
        reason = NULL, reason_job = NULL, attention = false
      FROM locked WHERE l.lane_id = locked.lane_id
      RETURNING l.lane_id, l.run_id
      """;

  private static final String JOBS =
      """
      SELECT l.lane_id, l.run_id, l.node_id, a.subscription, a.channel, l.partition_key,
        CASE WHEN l.limited IS NOT NULL THEN l.due_at END AS turn, a.probing,
        coalesce(greatest(account_paused_until(a), c.paused_until) > hub_now(), false) AS paused, j.*
      FROM lane l JOIN account a USING (account_id) JOIN connector c USING (connector)
      LEFT JOIN LATERAL (
        SELECT job_id, place, source, action, object_type, object_ids,
          coalesce(pending_ids, object_ids) AS pending, traceparent, attempts, failures,
          failing_since, throttles, delays, lost, deaths, cancel_asked,
          greatest(accepted_at, not_before) AS due
        FROM job WHERE job.lane_id = l.lane_id AND place > l.final_place AND state = 'waiting'
        ORDER BY place LIMIT a.run_size) j ON true
      WHERE l.lane_id = ANY (:lanes)
      ORDER BY l.lane_id, j.place
      """;

  /**
   * Counts what it changes: a step recorded again, because the answer got lost, changes nothing.
   * Everything goes by run, for steps of a lost run may come with those of the lane's present one.
   */
  private static final String RECORD =
      """
      WITH step AS MATERIALIZED (
        SELECT * FROM unnest(:lanes, :runs, :nodes, :ended, :waits, :reasons, :reasonJobs, :holds, :turns)
          AS s (lane_id, run_id, holder, ended, wait_ms, reason, reason_job, hold, turn)),
      locked AS MATERIALIZED (
        SELECT l.lane_id, l.run_id FROM lane l JOIN step s USING (lane_id)
        WHERE l.run_id = s.run_id AND l.node_id = s.holder
        ORDER BY l.account_id, l.partition_key FOR UPDATE OF l),
      result AS MATERIALIZED (
        SELECT * FROM unnest(:jobs, :jobRuns, :states, :jobReasons, :called, :again, :pending)
          AS r (job_id, run_id, state, reason, called, again, pending)),
      changed AS (
        UPDATE job j SET
          state = r.state, reason = r.reason,
          attempts = j.attempts + r.called::int,
          failures = j.failures + (r.again = 'failed')::int,
          failing_since = CASE WHEN r.again = 'failed' THEN coalesce(j.failing_since, hub_now())
                               ELSE j.failing_since END,
          throttles = j.throttles + (r.again = 'throttled')::int,
          limits = j.limits + (r.again = 'limited')::int,
          delays = CASE WHEN r.called THEN 0 ELSE j.delays + (r.again = 'delayed')::int END,
          pending_ids = coalesce(r.pending::text[], j.pending_ids),
          finished_at = CASE WHEN r.state <> 'waiting' THEN hub_now() END,
          deaths = j.deaths + (r.state = 'dead')::int,
          died_at = CASE WHEN r.state = 'dead' THEN hub_now() END,
          letter_due = (r.state = 'dead'), letter_taken = NULL
        FROM result r JOIN locked USING (run_id)
        WHERE j.job_id = r.job_id AND j.state = 'waiting'
        RETURNING j.job_id, j.place, j.state, j.gates, locked.run_id),
      done AS (
        SELECT run_id, count(*)::int AS jobs, max(place) AS place,
          array_agg(job_id) FILTER (WHERE gates) AS gates
        FROM changed WHERE state <> 'waiting' GROUP BY run_id),
      moved AS (
        UPDATE lane l SET
          open = l.open - d.jobs,
          final_place = greatest(l.final_place, d.place),
          state = CASE WHEN NOT s.ended THEN l.state
                       WHEN s.hold THEN 'held'
                       WHEN l.open = d.jobs THEN 'idle'
                       WHEN s.wait_ms IS NOT NULL THEN 'waiting'
                       ELSE 'ready' END,
          ready_at = CASE WHEN s.ended THEN hub_now() END,
          due_at = CASE WHEN s.ended AND NOT s.hold AND l.open > d.jobs
                        THEN hub_now() + s.wait_ms * interval '1 millisecond' END,
          limited = CASE WHEN s.ended AND NOT s.hold AND l.open > d.jobs THEN s.turn
                         WHEN NOT s.ended THEN l.limited END,
          reason = s.reason, reason_job = s.reason_job,
          run_id = CASE WHEN s.ended THEN NULL ELSE l.run_id END,
          node_id = CASE WHEN s.ended THEN NULL ELSE l.node_id END
        FROM (SELECT run_id, coalesce(jobs, 0) AS jobs, coalesce(place, 0) AS place, gates
              FROM locked LEFT JOIN done USING (run_id)) d
        JOIN step s USING (run_id)
        WHERE l.lane_id = s.lane_id
        RETURNING d.run_id, l.account_id, l.attention, d.gates, s.holder),
      noted AS (
        INSERT INTO attempt
          (job_id, number, started_at, took_ms, outcome, status, detail, next_at, node_id)
        SELECT job_id, number, started_at, took_ms, outcome, status, detail,
          hub_now() + next_ms * interval '1 millisecond', holder
        FROM unnest(:callJobs, :callRuns, :numbers, :starts, :tooks, :outcomes, :statuses, :details, :nexts)
          AS c (job_id, run_id, number, started_at, took_ms, outcome, status, detail, next_ms)
        JOIN moved USING (run_id)
        ON CONFLICT (job_id, number) DO NOTHING)
      SELECT m.run_id, m.attention, m.gates,
        coalesce(greatest(account_paused_until(a), c.paused_until) > hub_now(), false) AS paused
      FROM moved m JOIN account a USING (account_id) JOIN connector c USING (connector)
      """;

  private static final String CANCEL_ASKED =
      """
      WITH seen AS (UPDATE lane SET attention = false
        WHERE lane_id = :lane AND run_id = :run AND node_id = :node RETURNING lane_id)
      SELECT job_id, cancel_asked FROM job JOIN seen USING (lane_id)
      WHERE state = 'waiting' AND cancel_asked IS NOT NULL
      """;

  /** What the ledger can't take now it can't take at once again. */
  private static final Step.End FAULT =
      new Step.End(
          Duration.ofMinutes(1), "its outcome could not be recorded: see the log", null, false);

  private static final Logger LOG = LoggerFactory.getLogger(RunLedger.class);

  private final Database database;
  private final SteppingAside aside;
  private final Node node;
  private final Consumer<Set<UUID>> released;
  private final Grouping<Claim, Optional<Run>> claims;
  private final Grouping<Step, Step.Recorded> steps;

  /**
   * Runs of which a step could not be recorded, until they end: what lies behind it must not become
   * final before it. Of the steps' thread alone.
   */
  private final Set<UUID> faulty = new HashSet<>();

  /**
   * @param node the holder of the claims
   * @param released is told of ended jobs for which others waited
   */
  public RunLedger(Database database, Node node, Consumer<Set<UUID>> released) {
    this.database = database;
    this.aside = new SteppingAside(database);
    this.node = node;
    this.released = released;
    this.claims = new Grouping<>("egression-claims", this::claimAll);
    this.steps = new Grouping<>("egression-steps", this::recordAll);
  }

  /**
   * Claims the lane's run and returns its jobs; empty if the message is stale or another node has
   * the run. The caller sees to it that it does not work on the same run twice.
   */
  public Optional<Run> claim(long lane, UUID run) {
    return claims.ask(new Claim(lane, run)).join();
  }

  /**
   * Records a step within some milliseconds, after the earlier ones of its run; completes when it
   * is durable.
   */
  public CompletableFuture<Step.Recorded> record(Step step) {
    return steps.ask(step);
  }

  /** The same, for one that nobody waits for: some milliseconds later, together with others. */
  public CompletableFuture<Step.Recorded> recordInCompany(Step step) {
    return steps.askPatiently(step);
  }

  /**
   * Lets these jobs of the run, which wait, be tried again after their delays, while the lane goes
   * on: later jobs of their objects stay behind them, others pass. Nothing if the run is lost.
   */
  public void stepAside(Run run, Map<UUID, Duration> delays) {
    aside.stepAside(run, delays);
  }

  /** The jobs of the run that someone asked to cancel, with who asked. */
  public Map<UUID, String> cancelAsked(Run run) {
    Map<UUID, String> asked = new HashMap<>();
    database.statement(
        () -> {
          database
              .sql()
              .sql(CANCEL_ASKED)
              .param("lane", run.lane())
              .param("run", run.id())
              .param("node", run.node())
              .query(
                  row -> {
                    asked.put(row.getObject("job_id", UUID.class), row.getString("cancel_asked"));
                  });
          return asked;
        });
    return asked;
  }

  private List<Optional<Run>> claimAll(List<Claim> asked) {
    Map<UUID, Run> runs =
        database.transaction(
            () -> {
              Set<Long> lanes = new HashSet<>();
              database
                  .sql()
                  .sql(CLAIM)
                  .param("lanes", SqlArrays.column("int8", asked, Claim::lane))
                  .param("runs", SqlArrays.column("uuid", asked, Claim::run))
                  .param("node", node.id())
                  .query(
                      row -> {
                        lanes.add(row.getLong("lane_id"));
                      });
              return lanes.isEmpty() ? Map.of() : jobs(lanes);
            });
    return asked.stream().map(claim -> Optional.ofNullable(runs.get(claim.run))).toList();
  }

  private Map<UUID, Run> jobs(Set<Long> lanes) {
    Map<UUID, Run> runs = new HashMap<>();
    database
        .sql()
        .sql(JOBS)
        .param("lanes", SqlArrays.column("int8", List.copyOf(lanes), lane -> lane))
        .query(
            row -> {
              UUID id = row.getObject("run_id", UUID.class);
              Run run = runs.get(id);
              if (run == null) {
                run = run(id, row);
                runs.put(id, run);
              }
              if (row.getObject("job_id") != null) {
                run.jobs().add(item(row));
              }
            });
    return runs;
  }

  private static Run run(UUID id, ResultSet row) throws SQLException {
    return new Run(
        id,
        row.getObject("node_id", UUID.class),
        row.getLong("lane_id"),
        new AccountKey(row.getString("subscription"), row.getString("channel")),
        row.getString("partition_key"),
        new Run.Standing(row.getBoolean("paused"), instant(row, "turn"), row.getBoolean("probing")),
        new ArrayList<>());
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
    return at == null ? null : at.toInstant();
  }

  private static Run.Item item(ResultSet row) throws SQLException {
    return new Run.Item(
        row.getObject("job_id", UUID.class),
        row.getLong("place"),
        row.getString("source"),
        Action.of(row.getString("action")).orElseThrow(),
        row.getString("object_type"),
        List.of((String[]) row.getArray("object_ids").getArray()),
        List.of((String[]) row.getArray("pending").getArray()),
        row.getString("traceparent"),
        row.getInt("attempts"),
        row.getInt("failures"),
        instant(row, "failing_since"),
        row.getInt("throttles"),
        row.getInt("delays"),
        row.getInt("lost"),
        row.getInt("deaths"),
        row.getString("cancel_asked"),
        row.getObject("due", OffsetDateTime.class).toInstant());
  }

  /** The steps of one run gathered since the last statement. */
  private static final class Gathered {
    final Run run;
    Step.@Nullable End end;

    Gathered(Run run) {
      this.run = run;
    }

    void add(Step step) {
      if (step.end() != null) {
        end = step.end();
      }
    }

    @Nullable Long waitMillis() {
      return end == null || end.delay() == null ? null : end.delay().toMillis();
    }
  }

  private List<Step.Recorded> recordAll(List<Step> asked) {
    List<Step> steps = asked.stream().map(this::behindFault).toList();
    Map<UUID, Step.Recorded> recorded;
    try {
      recorded = recordTogether(steps);
    } catch (LedgerAwayException e) {
      throw e;
    } catch (RuntimeException e) {
      if (steps.size() == 1) {
        failed(steps.get(0), e);
      }
      throw e; // to be tried one by one
    }
    steps.stream()
        .filter(step -> step.end() != null)
        .forEach(step -> faulty.remove(step.run().id()));
    Step.Recorded lost = new Step.Recorded(false, false, true);
    return steps.stream().map(step -> recorded.getOrDefault(step.run().id(), lost)).toList();
  }

  /** Of a run with a step that failed nothing is recorded any more but its end. */
  private Step behindFault(Step step) {
    return faulty.contains(step.run().id())
        ? new Step(step.run(), null, step.end() == null ? null : FAULT)
        : step;
  }

  private void failed(Step step, RuntimeException fault) {
    UUID job = step.result() == null ? null : step.result().job();
    LOG.error("run {}: what became of job {} can't be recorded", step.run().id(), job, fault);
    if (step.end() == null) {
      faulty.add(step.run().id());
    } else {
      recordTogether(List.of(new Step(step.run(), null, FAULT)));
    }
  }

  private Map<UUID, Step.Recorded> recordTogether(List<Step> steps) {
    Map<UUID, Gathered> gathered = new LinkedHashMap<>();
    for (Step step : steps) {
      gathered.computeIfAbsent(step.run().id(), id -> new Gathered(step.run())).add(step);
    }
    Map<UUID, Step.Recorded> recorded = new HashMap<>();
    Set<UUID> ended = new HashSet<>();
    database.statement(
        () -> {
          query(List.copyOf(gathered.values()), steps, recorded, ended);
          return recorded;
        });
    if (!ended.isEmpty()) {
      released.accept(ended);
    }
    return recorded;
  }

  private void query(
      List<Gathered> runs, List<Step> asked, Map<UUID, Step.Recorded> recorded, Set<UUID> ended) {
    List<Step> results = asked.stream().filter(step -> step.result() != null).toList();
    List<Step> calls = results.stream().filter(step -> step.result().call() != null).toList();
    database
        .sql()
        .sql(RECORD)
        .param("lanes", SqlArrays.column("int8", runs, each -> each.run.lane()))
        .param("runs", SqlArrays.column("uuid", runs, each -> each.run.id()))
        .param("nodes", SqlArrays.column("uuid", runs, each -> each.run.node()))
        .param("ended", SqlArrays.column("bool", runs, each -> each.end != null))
        .param("waits", SqlArrays.column("int8", runs, Gathered::waitMillis))
        .param("reasons", end(runs, "text", Step.End::reason))
        .param("reasonJobs", end(runs, "uuid", Step.End::job))
        .param("holds", end(runs, "bool", Step.End::hold))
        .param("turns", end(runs, "text", end -> end.limit() == null ? null : word(end.limit())))
        .param("jobs", result(results, "uuid", Step.Result::job))
        .param("jobRuns", SqlArrays.column("uuid", results, step -> step.run().id()))
        .param("states", result(results, "text", result -> result.state().word()))
        .param("jobReasons", result(results, "text", Step.Result::reason))
        .param("called", result(results, "bool", result -> result.call() != null))
        .param("again", result(results, "text", result -> word(result.again())))
        .param("pending", result(results, "text", r -> SqlArrays.literal(r.pending())))
        .param("callJobs", result(calls, "uuid", Step.Result::job))
        .param("callRuns", SqlArrays.column("uuid", calls, step -> step.run().id()))
        .param("numbers", call(calls, "int4", Step.Call::number))
        .param("starts", call(calls, "timestamptz", Step.Call::startedAt))
        .param("tooks", call(calls, "int4", call -> call.took().toMillis()))
        .param("outcomes", call(calls, "text", Step.Call::outcome))
        .param("statuses", call(calls, "int4", Step.Call::status))
        .param("details", call(calls, "text", Step.Call::detail))
        .param("nexts", call(calls, "int8", c -> c.next() == null ? null : c.next().toMillis()))
        .query(
            row -> {
              recorded.put(
                  row.getObject("run_id", UUID.class),
                  new Step.Recorded(true, row.getBoolean("attention"), row.getBoolean("paused")));
              if (row.getArray("gates") != null) {
                ended.addAll(List.of((UUID[]) row.getArray("gates").getArray()));
              }
            });
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static SqlArrayValue end(
      List<Gathered> runs, String type, Function<Step.End, @Nullable Object> cell) {
    return SqlArrays.column(type, runs, each -> each.end == null ? null : cell.apply(each.end));
  }

  private static SqlArrayValue result(
      List<Step> steps, String type, Function<Step.Result, @Nullable Object> cell) {
    return SqlArrays.column(type, steps, step -> cell.apply(step.result()));
  }

  private static SqlArrayValue call(
      List<Step> steps, String type, Function<Step.Call, @Nullable Object> cell) {
    return SqlArrays.column(type, steps, step -> cell.apply(step.result().call()));
  }

  @Override
  public void close() {
    claims.close();
    steps.close();
  }
}
