package io.egression.delivery;

import io.egression.ledger.PermitLedger.Permit;
import io.egression.ledger.PermitLedger.Rule;
import io.egression.ledger.Run;
import io.egression.ledger.RunLedger;
import io.egression.ledger.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A claimed run as it is worked off; the exchange's property {@code run}. One thread. */
public final class RunInHand {
  static final String PROPERTY = "run";

  final Run run;
  private final long startedNanos = System.nanoTime();

  /** A step on its way into the ledger, and since when. */
  private record Recording(CompletableFuture<Step.Recorded> step, long sinceNanos) {}

  private final Deque<Recording> open = new ArrayDeque<>();

  /** For how long it may go on without what its steps bring back. */
  private final long writeBehindNanos;

  /** When what is known of stop, pause and cancel was so, at the earliest. */
  private long knownNanos = startedNanos;

  /** Who asked to cancel which of its jobs. */
  final Map<UUID, String> cancelAsked = new HashMap<>();

  /** What has been fetched for its jobs before their turn. */
  final Ahead ahead = new Ahead();

  /** When its turn at a limit was due; null: it has none, or has had it. */
  @Nullable Instant turn;

  /** Permits not used yet, and of which limits. */
  private final Deque<Permit> permits = new ArrayDeque<>();

  private List<Rule> permitsOf = List.of();

  private Runnable leaving = () -> {};
  private int next;
  private boolean ended;
  private boolean stop;
  private boolean look;

  /**
   * @param writeBehind for how long its calls may go on before the answers to earlier ones are
   *     durable; not at all if a node died over one of its jobs, for it must be seen over which
   */
  RunInHand(Run run, Duration writeBehind) {
    this.run = run;
    this.turn = run.now().turn();
    this.stop = run.now().paused();
    boolean careful = run.jobs().stream().anyMatch(job -> job.lost() > 0);
    this.writeBehindNanos = careful ? 0 : writeBehind.toNanos();
  }

  /** The permits left for calls under these limits; others can't be used for them. */
  Deque<Permit> permits(List<Rule> rules) {
    if (!permitsOf.equals(rules)) {
      permits.clear();
      permitsOf = rules;
    }
    return permits;
  }

  /** So many of its jobs can be called one after another, the one in hand included. */
  int takesNext(int most) {
    return Math.min(most, 1 + run.jobs().size() - next);
  }

  /** What to give back when the run has ended. */
  void leaveAtEnd(Runnable leave) {
    leaving = leave;
  }

  void leave() {
    leaving.run();
    leaving = () -> {};
  }

  Run.Item take() {
    return run.jobs().get(next++);
  }

  /** It is the next one again. */
  void putBack() {
    next--;
  }

  Run.@Nullable Item peek() {
    return next < run.jobs().size() ? run.jobs().get(next) : null;
  }

  /** Those after the one in hand. */
  List<Run.Item> following() {
    return run.jobs().subList(next, run.jobs().size());
  }

  long ageNanos() {
    return System.nanoTime() - startedNanos;
  }

  /**
   * Has it recorded what became of a job, or that the run ends, or both. What nobody waits for may
   * wait for company.
   *
   * @param end null: the run goes on
   */
  void record(RunLedger ledger, Step.@Nullable Result result, Step.@Nullable End end) {
    Step step = new Step(run, result, end);
    boolean awaited = end != null || result == null || result.isAwaited() || isTooFarBehind();
    var recorded = awaited ? ledger.record(step) : ledger.recordInCompany(step);
    open.add(new Recording(recorded, System.nanoTime()));
    ended |= end != null;
  }

  boolean isEnded() {
    return ended;
  }

  /**
   * Takes in what recorded steps have brought back, and waits for more if that is too old: so the
   * next call starts when every earlier job is final, and a crash repeats the last call at most;
   * or, if the account says so, no more than that time before it.
   */
  void lookAtFlags() {
    while (!open.isEmpty() && (open.peek().step.isDone() || isTooFarBehind())) {
      takeIn(open.remove());
    }
  }

  private boolean isTooFarBehind() {
    return System.nanoTime() - knownNanos >= writeBehindNanos;
  }

  private void takeIn(Recording recording) {
    Step.Recorded recorded = recording.step.join();
    knownNanos = recording.sinceNanos;
    stop |= recorded.stop() || !recorded.kept();
    look |= recorded.look();
  }

  /** Waits until the steps so far are durable, and takes in what they have brought back. */
  void awaitRecorded() {
    while (!open.isEmpty()) {
      takeIn(open.remove());
    }
  }

  boolean mustStop() {
    return stop;
  }

  /** Whether to look for cancelled jobs; asks once. */
  boolean mustLook() {
    boolean now = look;
    look = false;
    return now;
  }
}
