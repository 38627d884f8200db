package io.egression.delivery;

import io.egression.ledger.Accounts;
import io.egression.ledger.Cancellation;
import io.egression.ledger.DeadLetters;
import io.egression.ledger.Eligibility;
import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.Node;
import io.egression.ledger.Reconciliation;
import io.egression.ledger.Reconciliation.Queued;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.QueueBrowser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.ProducerTemplate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The safety net, every ten seconds: frees the runs of nodes whose lease ran out, sends again runs
 * whose message is gone, dead letters that were not sent. Finds nothing in a healthy run.
 */
public final class Sweep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);
  private static final Duration PERIOD = Duration.ofSeconds(10);
  private static final Duration QUEUED_LONG = Duration.ofSeconds(5);
  private static final int LETTERS = 1000;
  private static final String REMOVER = "who removed its run from the broker";

  private final Node node;
  private final Reconciliation reconciliation;
  private final Eligibility eligibility;
  private final DeadLetters letters;
  private final Accounts accounts;
  private final Cancellation cancellation;
  private final ConnectionFactory connections;
  private final Dispatcher dispatcher;
  private final ProducerTemplate routes;
  private final Runnable housekeeping;
  private final AtomicLong repairs = new AtomicLong();

  /** Runs that were missing the last time, and end if they were removed. */
  private Set<UUID> suspects = Set.of();

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-sweep");
            thread.setDaemon(true);
            return thread;
          });

  /** What it works on in the ledger. */
  public record Ledger(
      Node node,
      Reconciliation reconciliation,
      Eligibility eligibility,
      DeadLetters letters,
      Accounts accounts,
      Cancellation cancellation) {}

  public Sweep(
      Ledger ledger,
      ConnectionFactory connections,
      Dispatcher dispatcher,
      ProducerTemplate routes,
      Runnable housekeeping) {
    this.housekeeping = housekeeping;
    this.node = ledger.node;
    this.reconciliation = ledger.reconciliation;
    this.eligibility = ledger.eligibility;
    this.letters = ledger.letters;
    this.accounts = ledger.accounts;
    this.cancellation = ledger.cancellation;
    this.connections = connections;
    this.dispatcher = dispatcher;
    this.routes = routes;
  }

  /** Sweeps now and from then on. */
  public void start() {
    timer.scheduleWithFixedDelay(this::tryToRun, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** How much it has put right: 0 in a healthy run. */
  public long repairs() {
    return repairs.get();
  }

  private void tryToRun() {
    try {
      run();
    } catch (LedgerAwayException | JMSRuntimeException | JMSException e) {
      LOG.warn("the sweep waits: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("the sweep failed and tries again", e);
    }
  }

  private void run() throws JMSException {
    if (node.hasSeenALease()) {
      repaired(reconciliation.freeLost(), "runs of stopped nodes freed");
    }
    repaired(requeueOrphans(), "runs sent again whose message was gone");
    repaired(eligibility.releaseOverlooked(), "gated jobs placed");
    List<DeadLetters.Letter> due = letters.overdue(LETTERS);
    due.forEach(
        letter ->
            routes.sendBodyAndProperty("direct:dead-letter", null, Letters.DEAD, letter.job()));
    repaired(due.size(), "dead letters sent late");
    accounts.agree();
    housekeeping.run();
    reconciliation.pruneAcceptances();
  }

  private void repaired(int count, String what) {
    if (count > 0) {
      repairs.addAndGet(count);
      LOG.warn("sweep: {} {}", count, what);
      dispatcher.nudge();
    }
  }

  private int requeueOrphans() throws JMSException {
    Map<String, List<Queued>> byConnector =
        reconciliation.queuedFor(QUEUED_LONG).stream()
            .collect(Collectors.groupingBy(Queued::connector));
    List<Queued> orphans = new ArrayList<>();
    for (Map.Entry<String, List<Queued>> entry : byConnector.entrySet()) {
      Set<String> present = runsIn(RunQueues.of(entry.getKey()));
      entry.getValue().stream()
          .filter(lane -> !present.contains(lane.run().toString()))
          .forEach(orphans::add);
    }
    List<Queued> gone = withoutSuspects(orphans);
    return gone.isEmpty() ? 0 : reconciliation.requeue(gone);
  }

  /**
   * Cancels the jobs of runs that end when they are removed. A run that a consumer has, but has not
   * claimed yet, is in no queue either: only one that is still missing the next time was removed.
   */
  private List<Queued> withoutSuspects(List<Queued> orphans) {
    Map<Boolean, List<Queued>> byDiscard =
        orphans.stream().collect(Collectors.partitioningBy(Queued::discard));
    List<Queued> removed =
        byDiscard.get(true).stream().filter(lane -> suspects.contains(lane.run())).toList();
    suspects = byDiscard.get(true).stream().map(Queued::run).collect(Collectors.toSet());
    if (!removed.isEmpty()) {
      LOG.warn(
          "sweep: {} jobs cancelled whose runs were removed from the broker",
          cancellation.cancelRuns(removed, REMOVER));
    }
    return Stream.concat(byDiscard.get(false).stream(), removed.stream()).toList();
  }

  private Set<String> runsIn(String queue) throws JMSException {
    Set<String> runs = new HashSet<>();
    try (JMSContext context = connections.createContext();
        QueueBrowser browser = context.createBrowser(context.createQueue(queue))) {
      for (Enumeration<?> each = browser.getEnumeration(); each.hasMoreElements(); ) {
        runs.add(((Message) each.nextElement()).getStringProperty(RunQueues.RUN));
      }
    }
    return runs;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
