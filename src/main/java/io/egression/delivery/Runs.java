package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.job.JobState;
import io.egression.ledger.Cancellation;
import io.egression.ledger.Node;
import io.egression.ledger.Run;
import io.egression.ledger.RunLedger;
import io.egression.ledger.Step;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;
import org.apache.camel.Header;
import org.apache.camel.support.SynchronizationAdapter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a run from the broker's message, hands its jobs out one after another and ends it; the bean
 * {@code runs} of the deliver route. Thread safe.
 */
public final class Runs {
  private static final Logger LOG = LoggerFactory.getLogger(Runs.class);

  /** Set on the exchange: whether few calls of the account may be under way at once. */
  private static final String NARROW = "narrow";

  /** When it is spent, the rest of a run goes back to its lane after the call in hand. */
  private static final Duration BUDGET = Duration.ofSeconds(2);

  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private static final Duration ANOTHER = Duration.ofMillis(500);

  private final RunLedger ledger;
  private final Cancellation cancellation;
  private final Node node;
  private final Dispatcher dispatcher;
  private final Supplier<Catalogue> catalogue;
  private final SlowAccounts slow;
  private final Set<UUID> inHand = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /** Where runs are recorded. */
  public record Ledger(RunLedger runs, Cancellation cancellation) {}

  public Runs(
      Ledger ledger,
      Node node,
      Dispatcher dispatcher,
      Supplier<Catalogue> catalogue,
      SlowAccounts slow) {
    this.slow = slow;
    this.ledger = ledger.runs;
    this.cancellation = ledger.cancellation;
    this.node = node;
    this.dispatcher = dispatcher;
    this.catalogue = catalogue;
  }

  /**
   * Claims the run that the message names; null if the message is stale or repeated, or no run of
   * the hub's at all: that is noted, and the message acknowledged.
   */
  public @Nullable RunInHand claim(
      @Header(RunQueues.LANE) @Nullable Long lane,
      @Header(RunQueues.RUN) @Nullable String run,
      Exchange exchange) {
    if (lane == null || run == null || !UUID_TEXT.matcher(run).matches()) {
      LOG.warn(
          "a message that is not the hub's is dropped from its queue: {}",
          exchange.getMessage().getHeader("JMSMessageID"));
      return null;
    }
    UUID id = UUID.fromString(run);
    if (!inHand.add(id)) {
      return null; // the message came again while its run is worked on here
    }
    try {
      Optional<Run> claimed = ledger.claim(lane, id);
      if (claimed.isPresent()) {
        RunInHand taken = new RunInHand(claimed.get());
        exchange.getExchangeExtension().addOnCompletion(endingFor(taken));
        letOthersFirst(taken);
        return taken;
      }
      LOG.debug("run {} of lane {}: stale message", run, lane);
    } catch (RuntimeException e) {
      inHand.remove(id);
      throw e;
    }
    inHand.remove(id);
    return null;
  }

  /** An account whose calls time out takes at most half of its connector's consumers. */
  private void letOthersFirst(RunInHand run) {
    Optional<Account> account = catalogue.get().account(run.run.account());
    if (account.isPresent() && slow.isSlow(account.get().key())) {
      String connector = account.get().connector().id();
      if (slow.enter(connector)) {
        run.leaveAtEnd(() -> slow.leave(connector));
      } else {
        String reason = "its account's calls time out, others go first";
        Step.End later = new Step.End(ANOTHER, reason, null, false);
        run.recording(ledger.record(new Step(run.run, null, later)), true);
      }
    }
  }

  /** However an edited route ends, its run does not stay behind. */
  private SynchronizationAdapter endingFor(RunInHand run) {
    return new SynchronizationAdapter() {
      @Override
      public void onDone(Exchange exchange) {
        finish(run);
      }
    };
  }

  /** Whether the next job's call may start. */
  public boolean hasNext(@ExchangeProperty(RunInHand.PROPERTY) @Nullable RunInHand run) {
    if (run == null || run.isEnded() || run.peek() == null) {
      return false;
    }
    run.lookAtFlags();
    cancelAsked(run);
    return run.peek() != null && mayCall(run);
  }

  private boolean mayCall(RunInHand run) {
    Optional<Account> account = catalogue.get().account(run.run.account());
    return !stopping
        && !run.mustStop()
        && run.ageNanos() < BUDGET.toNanos()
        && run.run.node().equals(node.id())
        && account.isPresent()
        && node.outlives(account.get().connector().policy().timeouts().total());
  }

  /** Ends the next jobs that someone asked to cancel before their call. */
  private void cancelAsked(RunInHand run) {
    if (run.mustLook()) {
      run.cancelAsked.putAll(ledger.cancelAsked(run.run));
    }
    for (Run.Item job = run.peek(); job != null; job = run.peek()) {
      String actor = run.cancelAsked.getOrDefault(job.id(), job.cancelAsked());
      if (actor == null) {
        return;
      }
      run.take();
      String reason = "cancelled by " + actor;
      Step.Result cancelled =
          new Step.Result(
              job.id(), job.place(), JobState.CANCELLED, reason, null, Step.Again.NO, null);
      run.recording(ledger.record(new Step(run.run, cancelled, null)), false);
    }
  }

  /** Puts the next job in hand. */
  public void next(Exchange exchange) {
    RunInHand run = exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
    Account account = catalogue.get().account(run.run.account()).orElseThrow();
    Work work = new Work(run.run, run.take(), account);
    exchange.setProperty(Work.PROPERTY, work);
    exchange.setProperty(NARROW, work.isNarrow());
  }

  /** Ends the run: what was not called goes back to its lane. Returns when all is durable. */
  public void finish(@ExchangeProperty(RunInHand.PROPERTY) @Nullable RunInHand run) {
    if (run == null || !inHand.contains(run.run.id())) {
      return;
    }
    try {
      if (!run.isEnded()) {
        run.recording(ledger.record(new Step(run.run, null, givenBack(run.run))), true);
      }
      if (run.awaitRecorded()) {
        cancellation.completeAsked(run.run.lane());
      }
    } finally {
      inHand.remove(run.run.id());
      run.leave();
      dispatcher.nudge();
    }
  }

  /** Another node may have what this one lacks: it gets a moment to take the run. */
  private Step.End givenBack(Run run) {
    return catalogue.get().account(run.account()).isPresent()
        ? Step.End.GO_ON
        : new Step.End(ANOTHER, "node " + node.name() + " does not have the account", null, false);
  }

  /** From now on no further call starts. */
  public void stop() {
    stopping = true;
  }

  /** How many runs are being worked on here. */
  public int inHand() {
    return inHand.size();
  }
}
