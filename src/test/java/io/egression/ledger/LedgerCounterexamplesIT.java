package io.egression.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.job.Action;
import io.egression.job.Job;
import io.egression.job.JobState;
import io.egression.job.Submission;
import io.egression.ledger.Dispatch.Publication;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the ledger's model found, each told as a story of its own. */
class LedgerCounterexamplesIT {
  private static ModelTime time;
  private static Gathering gathering;
  private Consumer<Set<UUID>> told = jobs -> {};
  private ModelNode node;
  private final Map<String, Publication> published = new HashMap<>();

  @BeforeAll
  static void open() {
    time = new ModelTime();
    gathering = new Gathering(time);
  }

  @AfterAll
  static void close() {
    gathering.close();
    time.close();
  }

  @BeforeEach
  void start() {
    time.reset();
    node = new ModelNode("node", time, List.of(ModelAccount.values()), jobs -> told.accept(jobs));
  }

  @AfterEach
  void stop() {
    node.ledger.close();
  }

  @Test
  void a_step_recorded_again_because_the_databases_answer_got_lost_changes_nothing() {
    accept(of(ModelAccount.WHOLE, "1"), of(ModelAccount.WHOLE, "2"));
    Run run = claim(node, "*");
    Step delivered = step(run, 0, JobState.DELIVERED, null);

    node.ledger.record(delivered).join();
    node.ledger.record(delivered).join();

    assertThat(picture().lane(run.lane()).open()).isEqualTo(1);
  }

  @Test
  void a_claim_asked_again_because_the_databases_answer_got_lost_returns_its_run() {
    accept(of(ModelAccount.WHOLE, "1"));
    Run run = claim(node, "*");

    Optional<Run> again = node.ledger.claim(run.lane(), run.id());

    assertThat(again).contains(run);
  }

  @Test
  void an_answer_under_a_lost_claim_is_not_taken_for_one_of_the_lanes_present_run() {
    UUID job = accept(of(ModelAccount.WHOLE, "1")).get(0);
    Run lost = claim(node, "*");
    time.advance(Node.LEASE.plusSeconds(1));
    node.beat();
    assertThat(node.reconciliation.freeLost()).isEqualTo(1);
    Run present = claim(node, "*");

    List<Step.Recorded> recorded =
        gathering.record(
            node.ledger,
            List.of(
                step(lost, 0, JobState.DELIVERED, Step.End.GO_ON),
                new Step(present, null, Step.End.GO_ON)));

    assertThat(recorded).extracting(Step.Recorded::kept).containsExactly(false, true);
    assertThat(state(job)).isEqualTo(JobState.WAITING);
  }

  @Test
  void nothing_behind_a_step_that_the_ledger_cannot_take_is_recorded_but_the_runs_end() {
    List<UUID> jobs =
        accept(
            of(ModelAccount.WHOLE, "1"), of(ModelAccount.WHOLE, "2"), of(ModelAccount.WHOLE, "3"));
    Run run = claim(node, "*");
    Step good = step(run, 0, JobState.DELIVERED, null);
    Step.Result result = good.result();
    Step bad =
        new Step(
            run,
            new Step.Result(
                result.job(), result.place(), result.state(), "\0", null, result.again(), null),
            null);

    assertThat(node.ledger.record(bad)).failsWithin(Duration.ofSeconds(30));
    node.ledger.record(step(run, 1, JobState.DELIVERED, null)).join();
    node.ledger.record(step(run, 2, JobState.DELIVERED, Step.End.GO_ON)).join();

    assertThat(jobs).allMatch(job -> state(job) == JobState.WAITING);
    assertThat(picture().lane(run.lane()).state()).isEqualTo("waiting");
    time.advance(Duration.ofMinutes(2));
    node.dispatch.wakeDue();
    Run again = claim(node, "*");
    assertThat(again.jobs()).extracting(Run.Item::id).containsExactlyElementsOf(jobs);
    node.ledger.record(step(again, 0, JobState.DELIVERED, null)).join();
    assertThat(state(jobs.get(0))).isEqualTo(JobState.DELIVERED);
  }

  @Test
  void a_run_whose_last_step_the_ledger_cannot_take_ends_and_its_job_waits() {
    UUID job = accept(of(ModelAccount.WHOLE, "1")).get(0);
    Run run = claim(node, "*");
    Step.Result bad = new Step.Result(job, 1, JobState.DELIVERED, "\0", null, Step.Again.NO, null);

    assertThat(node.ledger.record(new Step(run, bad, Step.End.GO_ON)))
        .failsWithin(Duration.ofSeconds(30));

    assertThat(state(job)).isEqualTo(JobState.WAITING);
    assertThat(picture().lane(run.lane()).state()).isEqualTo("waiting");
  }

  @Test
  void of_two_jobs_of_an_object_recorded_together_the_later_is_what_was_delivered_last() {
    List<UUID> jobs = accept(of(ModelAccount.WHOLE, "1"), of(ModelAccount.WHOLE, "1"));
    Run run = claim(node, "*");

    gathering.record(
        node.ledger,
        List.of(
            step(run, 0, JobState.DELIVERED, null),
            step(run, 1, JobState.DELIVERED, Step.End.GO_ON)));

    assertThat(new ObjectQueries(time.database()).traces("product", "1", null))
        .filteredOn(trace -> trace.delivered() != null)
        .extracting(trace -> trace.delivered().job())
        .containsExactly(jobs.get(1));
  }

  @Test
  void nobody_is_told_of_a_cancelled_job_before_it_can_be_seen() {
    List<UUID> jobs =
        accept(of(ModelAccount.WHOLE, "1").at(Duration.ofHours(1)), of(ModelAccount.WHOLE, "1"));
    List<JobState> seen = new ArrayList<>();
    told =
        ended -> {
          Thread other = new Thread(() -> seen.add(state(jobs.get(0))));
          other.start();
          join(other);
        };

    node.cancellation.cancel(jobs.get(0), "operator");

    assertThat(seen).containsExactly(JobState.CANCELLED);
  }

  @Test
  void a_job_behind_another_of_its_own_request_needs_no_sweep() {
    List<UUID> jobs =
        accept(of(ModelAccount.WHOLE, "1").in("red"), of(ModelAccount.WHOLE, "1").in("blue"));
    assertThat(state(jobs.get(1))).isEqualTo(JobState.GATED);

    deliver(claim(node, "red"));
    release();

    assertThat(state(jobs.get(1))).isEqualTo(JobState.WAITING);
  }

  @Test
  void a_replayed_job_and_a_scheduled_one_of_its_object_do_not_wait_for_each_other() {
    UUID dead = accept(of(ModelAccount.WHOLE, "1")).get(0);
    die(claim(node, "*"));
    UUID scheduled = accept(of(ModelAccount.WHOLE, "1").at(Duration.ofHours(1))).get(0);
    node.replay.replay(List.of(dead), null, "operator");
    assertThat(state(dead)).isEqualTo(JobState.GATED);

    time.advance(Duration.ofHours(2));
    node.eligibility.placeDue();

    assertThat(picture().job(scheduled).place()).isEqualTo(2);
    assertThat(picture().job(dead).place()).isEqualTo(3);
  }

  @Test
  void a_job_replayed_before_its_end_released_another_goes_behind_that_one() {
    UUID first = accept(of(ModelAccount.WHOLE, "1").in("red")).get(0);
    UUID second = accept(of(ModelAccount.WHOLE, "1").in("blue")).get(0);
    die(claim(node, "red"));
    node.replay.replay(List.of(first), null, "operator");
    assertThat(state(first)).isEqualTo(JobState.GATED);

    release();
    assertThat(state(second)).isEqualTo(JobState.WAITING);
    deliver(claim(node, "blue"));
    release();

    assertThat(state(first)).isEqualTo(JobState.WAITING);
  }

  @Test
  void a_replayed_job_waits_for_every_open_job_of_its_object_in_other_lanes() {
    UUID dead = accept(of(ModelAccount.WHOLE, "1").in("red")).get(0);
    die(claim(node, "red"));
    accept(of(ModelAccount.WHOLE, "1").in("blue"), of(ModelAccount.WHOLE, "1").in("blue"));
    node.replay.replay(List.of(dead), null, "operator");
    Run blue = claim(node, "blue");

    node.ledger.record(step(blue, 0, JobState.DELIVERED, null)).join();
    release();
    assertThat(state(dead)).isEqualTo(JobState.GATED);
    node.ledger.record(step(blue, 1, JobState.DELIVERED, Step.End.GO_ON)).join();
    release();

    assertThat(state(dead)).isEqualTo(JobState.WAITING);
  }

  @Test
  void a_replayed_job_that_holds_its_key_does_not_pass_one_of_its_object_in_another_lane() {
    UUID dead = accept(of(ModelAccount.BY_TYPE, "1").in("red")).get(0);
    UUID next = accept(of(ModelAccount.BY_TYPE, "2").in("red")).get(0);
    die(claim(node, "red"));
    accept(of(ModelAccount.BY_TYPE, "1").in("blue"));
    Run blue = claim(node, "blue");

    node.replay.replay(List.of(dead), null, "operator");
    assertThat(state(dead)).isEqualTo(JobState.GATED);
    assertThat(claim(node, "red").jobs()).extracting(Run.Item::id).containsExactly(next);
    deliver(blue);
    release();

    assertThat(picture().job(dead).place()).isEqualTo(3);
  }

  @Test
  void a_lane_whose_jobs_were_cancelled_while_their_message_got_lost_is_idle() {
    UUID job = accept(of(ModelAccount.WHOLE, "1")).get(0);
    publish(node);
    node.cancellation.cancel(job, "operator");
    time.advance(Duration.ofSeconds(10));

    node.reconciliation.requeue(node.reconciliation.queuedFor(Duration.ofSeconds(5)));

    assertThat(publish(node)).isEmpty();
    assertThat(picture().lanes().values()).extracting(Picture.Lane::state).containsExactly("idle");
  }

  /** A job to be accepted. */
  private record Wanted(
      ModelAccount account, String object, @Nullable String key, @Nullable Duration after) {
    Wanted in(String other) {
      return new Wanted(account, object, other, after);
    }

    Wanted at(Duration later) {
      return new Wanted(account, object, key, later);
    }

    Acceptance.Request request(Instant now) {
      Submission submission =
          new Submission(
              account.key.subscription(),
              "source",
              account.key.channel(),
              Action.UPDATE,
              "product",
              List.of(object),
              after == null ? null : now.plus(after),
              key,
              null,
              Submission.DEFAULT_PRIORITY);
      return new Acceptance.Request(submission, new byte[0], ModelAccount.fanOut(submission));
    }
  }

  private static Wanted of(ModelAccount account, String object) {
    return new Wanted(account, object, null, null);
  }

  /** All in one request. */
  private List<UUID> accept(Wanted... jobs) {
    time.advance(LedgerModel.INSTANT);
    List<Acceptance.Request> requests =
        Stream.of(jobs).map(job -> job.request(time.instant())).toList();
    node.acceptance.accept(requests);
    return requests.stream().flatMap(each -> each.jobs().stream()).map(Job::id).toList();
  }

  private List<Publication> publish(ModelNode by) {
    List<Publication> runs = by.dispatch.next();
    runs.forEach(run -> published.put(run.partitionKey(), run));
    return runs;
  }

  private Run claim(ModelNode by, String key) {
    publish(by);
    Publication run = published.get(key);
    return by.ledger.claim(run.lane(), run.run()).orElseThrow();
  }

  private static Step step(Run run, int n, JobState state, Step.@Nullable End end) {
    Run.Item job = run.jobs().get(n);
    Step.Call call =
        new Step.Call(
            job.attempts() + 1, time.instant(), Duration.ZERO, state.word(), null, null, null);
    return new Step(
        run,
        new Step.Result(job.id(), job.place(), state, state.word(), call, Step.Again.NO, null),
        end);
  }

  private void deliver(Run run) {
    node.ledger.record(step(run, 0, JobState.DELIVERED, Step.End.GO_ON)).join();
  }

  /** The run's first job is rejected. */
  private void die(Run run) {
    ModelAccount account = ModelAccount.of(run.account());
    UUID job = run.jobs().get(0).id();
    Step.End end =
        account.holdOnDead ? new Step.End(null, "its job is dead", job, true) : Step.End.GO_ON;
    node.ledger.record(step(run, 0, JobState.DEAD, end)).join();
  }

  /** What the dispatcher does with the jobs that ended. */
  private void release() {
    for (Set<UUID> jobs = node.released.poll(); jobs != null; jobs = node.released.poll()) {
      node.eligibility.release(jobs);
    }
  }

  private static Picture picture() {
    return Picture.take(time.database());
  }

  private static JobState state(UUID job) {
    return picture().job(job).state();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
