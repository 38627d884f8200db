package io.egression.delivery;

import io.egression.batch.BeltOpening;
import io.egression.ledger.Dispatch;
import io.egression.ledger.Dispatch.Publication;
import io.egression.ledger.Eligibility;
import io.egression.ledger.LedgerAwayException;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one door to the broker: new jobs, retries, schedules and resumed pauses all become runs here.
 * Sleeps until the next due time; is nudged inside its process; looks every second for what other
 * nodes have done.
 */
public final class Dispatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Dispatch dispatch;
  private final Eligibility eligibility;
  private final Timed timed;
  private final Publisher publisher;
  private final Thread thread = new Thread(this::run, "egression-dispatcher");
  private final Semaphore nudges = new Semaphore(0);
  private final AtomicLong dueNanos = new AtomicLong(System.nanoTime());
  private final ConcurrentLinkedQueue<Set<UUID>> released = new ConcurrentLinkedQueue<>();
  private volatile boolean stopping;
  private volatile boolean brokerThere;

  /** What else becomes ready, and is looked after at least every second. */
  public record Timed(Hours hours, BeltOpening belts) {}

  public Dispatcher(
      Dispatch dispatch, Eligibility eligibility, Timed timed, ConnectionFactory connections) {
    this.dispatch = dispatch;
    this.timed = timed;
    this.eligibility = eligibility;
    this.publisher = new Publisher(connections);
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  /** A lane may be ready. */
  public void nudge() {
    nudges.release();
  }

  /** Something falls due after this time. */
  public void dueIn(Duration delay) {
    Duration most = delay.compareTo(LOOK) < 0 ? delay : LOOK; // centuries have no nanoseconds
    long at = System.nanoTime() + most.toNanos();
    dueNanos.accumulateAndGet(at, (before, now) -> now - before < 0 ? now : before);
    nudge();
  }

  /** Jobs ended for which others wait. */
  public void ended(Set<UUID> jobs) {
    released.add(jobs);
    nudge();
  }

  boolean isBrokerThere() {
    return brokerThere;
  }

  private void run() {
    while (!stopping) {
      try {
        nudges.drainPermits();
        pass();
      } catch (JMSRuntimeException e) {
        brokerThere = false;
        LOG.warn("the broker is away, jobs wait in the ledger: {}", e.getMessage());
        pause();
      } catch (LedgerAwayException e) {
        LOG.warn("the dispatcher waits: {}", e.getMessage());
        pause();
      } catch (RuntimeException e) {
        LOG.error("the dispatcher failed and tries again", e);
        pause();
      }
    }
    publisher.close();
  }

  private void pass() {
    publisher.open();
    brokerThere = true;
    for (Set<UUID> jobs = released.poll(); jobs != null; jobs = released.poll()) {
      eligibility.release(jobs);
    }
    if (System.nanoTime() - dueNanos.get() >= 0) {
      dueNanos.set(System.nanoTime() + LOOK.toNanos());
      eligibility.placeDue();
      timed.hours.renew();
      boolean more = timed.belts.advance();
      dispatch.wakeDue();
      dispatch.untilDue().ifPresent(this::dueIn);
      nudges.drainPermits();
      if (more) {
        dueIn(Duration.ZERO);
      }
    }
    List<Publication> runs = dispatch.next();
    if (runs.isEmpty()) {
      await(dueNanos.get() - System.nanoTime());
    } else {
      send(runs);
    }
  }

  private void send(List<Publication> runs) {
    try {
      publisher.send(runs);
    } catch (JMSRuntimeException e) {
      dispatch.undo(runs, "the broker is away");
      throw e;
    }
  }

  private void pause() {
    await(LOOK.toNanos());
  }

  private void await(long nanos) {
    try {
      if (nanos > 0 && nudges.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
        nudges.drainPermits();
      }
    } catch (InterruptedException e) {
      LOG.debug("the dispatcher is woken to stop");
    }
  }

  /** Ends after what is being sent. */
  @Override
  public void close() {
    stopping = true;
    nudge();
    try {
      thread.join(Duration.ofSeconds(10).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
