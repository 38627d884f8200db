package io.egression.delivery;

import io.egression.ledger.PermitLedger.Permit;
import io.egression.ledger.PermitLedger.Rule;
import io.egression.ledger.Run;
import io.egression.ledger.Step;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
  private final List<CompletableFuture<Step.Recorded>> open = new ArrayList<>();

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

  RunInHand(Run run) {
    this.run = run;
    this.turn = run.now().turn();
    this.stop = run.now().paused();
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

  void recording(CompletableFuture<Step.Recorded> step, boolean isEnd) {
    open.add(step);
    ended |= isEnd;
  }

  boolean isEnded() {
    return ended;
  }

  /**
   * Waits until the steps so far are durable, and takes in what they have brought back: the next
   * call starts only after every earlier job is final, so a crash repeats the last call at most.
   */
  void lookAtFlags() {
    for (CompletableFuture<Step.Recorded> step : open) {
      Step.Recorded recorded = step.join();
      stop |= recorded.stop() || !recorded.kept();
      look |= recorded.look();
    }
    open.clear();
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

  /** Waits until every step is durable; whether there is something to look at since. */
  boolean awaitRecorded() {
    lookAtFlags();
    return mustLook();
  }
}
