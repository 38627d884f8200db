package io.egression.notify;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.egression.connector.Catalogue;
import io.egression.connector.Events;
import io.egression.ledger.Endings;
import io.egression.ledger.Endings.Ending;
import io.egression.ledger.Endings.Listener;
import io.egression.ledger.Endings.Telling;
import io.egression.ledger.LedgerAwayException;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a subscription's listeners of each of its jobs' ends: at least once, and to one listener in
 * the order of the ends, whatever node ended them. A listener that does not take it is told again,
 * later and later, for three days; it delays nobody else. Thread safe.
 */
public final class JobEvents implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(JobEvents.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final Duration LEASE = Duration.ofSeconds(60);
  private static final Duration FIRST_DELAY = Duration.ofSeconds(1);
  private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);
  private static final Duration KEPT = Duration.ofDays(3);
  private static final Duration CLEANING = Duration.ofHours(1);
  private static final String BATCH = "application/cloudevents-batch+json; charset=utf-8";

  /** Events in one call, or one transaction, at most. */
  private static final int MOST = 100;

  /** Listeners told at the same time by this node, at most. */
  private static final int AT_ONCE = 8;

  private final Endings endings;
  private final Supplier<Catalogue> catalogue;
  private final EventTopic topic;
  private final Webhook webhook;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(work -> thread(work, "egression-events"));
  private final ExecutorService tellers =
      Executors.newCachedThreadPool(work -> thread(work, "egression-events-teller"));
  private final Semaphore free = new Semaphore(AT_ONCE);
  private final AtomicBoolean stopping = new AtomicBoolean();
  private List<Telling> known = List.of();

  public JobEvents(
      Endings endings,
      Supplier<Catalogue> catalogue,
      ConnectionFactory connections,
      Webhook webhook) {
    this.endings = endings;
    this.catalogue = catalogue;
    this.topic = new EventTopic(connections);
    this.webhook = webhook;
  }

  private static Thread thread(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Tells from now on. */
  public void start() {
    timer.scheduleWithFixedDelay(
        () -> trying(this::look), 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    timer.scheduleWithFixedDelay(
        () -> trying(this::forget), 0, CLEANING.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void trying(Runnable work) {
    try {
      work.run();
    } catch (LedgerAwayException e) {
      LOG.debug("events wait: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("telling of events failed and is tried again", e);
    }
  }

  private void look() {
    List<Telling> tellings = tellings();
    if (tellings.isEmpty()) {
      return;
    }
    if (!tellings.equals(known)) {
      endings.know(tellings);
      known = tellings;
    }
    while (!stopping.get() && free.tryAcquire()) {
      Optional<Telling> taken = Optional.empty();
      try {
        taken = endings.take(tellings, LEASE);
      } finally {
        if (taken.isEmpty()) {
          free.release();
        }
      }
      if (taken.isEmpty()) {
        return;
      }
      Telling telling = taken.get();
      tellers.execute(
          () -> {
            try {
              trying(() -> tell(telling));
            } finally {
              free.release();
            }
          });
    }
  }

  private List<Telling> tellings() {
    List<Telling> tellings = new ArrayList<>();
    catalogue
        .get()
        .events()
        .forEach(
            (subscription, events) ->
                events
                    .listeners()
                    .forEach(listener -> tellings.add(new Telling(subscription, listener))));
    return tellings;
  }

  private void tell(Telling telling) {
    while (!stopping.get()) {
      List<Ending> next = endings.read(telling, MOST);
      if (next.isEmpty()) {
        break;
      }
      if (!tell(telling, next.stream().map(JobEvent::of).toList())) {
        endings.failed(telling, FIRST_DELAY, LONGEST_DELAY);
        return;
      }
      endings.told(telling, next, LEASE);
    }
    endings.leave(telling);
  }

  private boolean tell(Telling telling, List<JobEvent> events) {
    if (telling.listener() == Listener.TOPIC) {
      return topic.send(events);
    }
    Events.Webhook to =
        Optional.ofNullable(catalogue.get().events().get(telling.subscription()))
            .map(Events::webhook)
            .orElse(null);
    if (to == null) {
      return false; // its configuration has just been edited
    }
    ArrayNode batch = JsonNodeFactory.instance.arrayNode();
    events.forEach(event -> batch.add(event.json()));
    return webhook.tell(to, BATCH, batch.toString());
  }

  private void forget() {
    int forgotten = endings.forget(KEPT);
    if (forgotten > 0) {
      LOG.warn("{} events were not told, for no listener took them in {}", forgotten, KEPT);
    }
  }

  /** Ends after the events in hand. */
  @Override
  public void close() {
    stopping.set(true);
    timer.shutdownNow();
    tellers.shutdown();
    try {
      if (!tellers.awaitTermination(15, TimeUnit.SECONDS)) {
        tellers.shutdownNow();
      }
    } catch (InterruptedException e) {
      tellers.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
