package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.Policy;
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
import org.apache.camel.support.DefaultMessage;
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

  /** Set on the exchange: whether filters judge the job's objects. */
  private static final String JUDGED = "judged";

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
  private volatile boolean held;

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
   * Claims the run that the message names and puts its first job in hand; nothing if the message is
   * stale or repeated, or no run of the hub's at all: that is noted, and the message acknowledged.
   */
  public void claim(
      @Header(RunQueues.LANE) @Nullable Long lane,
      @Header(RunQueues.RUN) @Nullable String run,
      Exchange exchange) {
    if (lane == null || run == null || !UUID_TEXT.matcher(run).matches()) {
      LOG.warn(
          "a message that is not the hub's is dropped from its queue: {}",
          exchange.getMessage().getHeader("JMSMessageID"));
      return;
    }
    // A JMS message asks its session anew whenever Camel copies it, and it does so in every call.
    exchange.setMessage(new DefaultMessage(exchange));
    RunInHand taken = claim(lane, UUID.fromString(run));
    if (taken != null) {
      exchange.getExchangeExtension().addOnCompletion(endingFor(taken));
      exchange.setProperty(RunInHand.PROPERTY, taken);
      letOthersFirst(taken);
      next(exchange);
    }
  }

  private @Nullable RunInHand claim(long lane, UUID id) {
    if (!inHand.add(id)) {
      return null; // the message came again while its run is worked on here
    }
    Optional<Run> claimed = Optional.empty();
    try {
      claimed = ledger.claim(lane, id);
    } finally {
      if (claimed.isEmpty()) {
        inHand.remove(id);
      }
    }
    if (claimed.isEmpty()) {
      LOG.debug("run {} of lane {}: stale message", id, lane);
    }
    return claimed.map(this::inHand).orElse(null);
  }

  private RunInHand inHand(Run run) {
    Optional<Account> account = catalogue.get().account(run.account());
    return new RunInHand(run, account.map(Account::writeBehind).orElse(Duration.ZERO));
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
        run.record(ledger, null, later);
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

  /** Puts the next job in hand, when the one before is recorded; none if no call may start. */
  public void next(Exchange exchange) {
    RunInHand run = exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
    if (!hasNext(run)) {
      exchange.removeProperty(Work.PROPERTY);
      LogContext.clear();
      return;
    }
    Account account = catalogue.get().account(run.run.account()).orElseThrow();
    Work work = new Work(run.run, run.take(), account);
    exchange.setProperty(Work.PROPERTY, work);
    LogContext.set(work);
    exchange.setProperty(NARROW, work.isNarrow());
    exchange.setProperty(JUDGED, work.isJudged());
  }

  private boolean hasNext(RunInHand run) {
    if (run.isEnded() || run.peek() == null) {
      return false;
    }
    run.lookAtFlags();
    cancelAsked(run);
    return run.peek() != null && mayCall(run);
  }

  private boolean mayCall(RunInHand run) {
    Optional<Account> account = catalogue.get().account(run.run.account());
    return !stopping
        && !held
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
      run.record(ledger, cancelled, null);
    }
  }

  /** Ends the run: what was not called goes back to its lane. Returns when all is durable. */
  public void finish(@ExchangeProperty(RunInHand.PROPERTY) @Nullable RunInHand run) {
    if (run == null || !inHand.contains(run.run.id())) {
      return;
    }
    try {
      if (!run.isEnded()) {
        run.record(ledger, null, givenBack(run.run));
      }
      run.awaitRecorded();
      if (run.mustLook()) {
        cancellation.completeAsked(run.run.lane());
      }
    } finally {
      inHand.remove(run.run.id());
      LogContext.clear();
      run.leave();
      dispatcher.nudge();
      catalogue.get().account(run.run.account()).flatMap(Runs::linger).ifPresent(dispatcher::dueIn);
    }
  }

  /** When what is left of its lane goes out at the latest. */
  private static Optional<Duration> linger(Account account) {
    return Optional.ofNullable(account.connector().policy().allowance().bulk())
        .map(Policy.Bulk::linger)
        .filter(linger -> !linger.isZero());
  }

  /** Another node may have what this one lacks: it gets a moment to take the run. */
  private Step.End givenBack(Run run) {
    if (held) {
      return new Step.End(
          ANOTHER, "the routes of node " + node.name() + " are edited", null, false);
    }
    return catalogue.get().account(run.account()).isPresent()
        ? Step.End.GO_ON
        : new Step.End(ANOTHER, "node " + node.name() + " does not have the account", null, false);
  }

  /**
   * No further call starts, and what is left of the runs goes back to their lanes for a moment, so
   * that routes fall idle and can be replaced; until {@link #goOn}.
   */
  public void hold() {
    held = true;
  }

  /** Calls start again. */
  public void goOn() {
    held = false;
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
