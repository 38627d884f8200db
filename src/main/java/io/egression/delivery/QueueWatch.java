package io.egression.delivery;

import io.egression.connector.Catalogue;
import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.Pauses;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.JMSSecurityRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import java.time.Duration;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.activemq.artemis.api.core.management.ResourceNames;
import org.apache.activemq.artemis.api.jms.management.JMSManagementHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every two seconds whether somebody has paused a connector's queue in the broker's console:
 * then the ledger says so to whoever asks. Asks the broker's management, for which the hub's user
 * needs the permission to view these queues; without it the pause is not seen.
 */
public final class QueueWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QueueWatch.class);
  private static final Duration PERIOD = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final String MANAGEMENT = "activemq.management";

  private final ConnectionFactory connections;
  private final Supplier<Catalogue> catalogue;
  private final Pauses pauses;
  private final String answers = "egression.management." + UUID.randomUUID();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-queue-watch");
            thread.setDaemon(true);
            return thread;
          });

  public QueueWatch(ConnectionFactory connections, Supplier<Catalogue> catalogue, Pauses pauses) {
    this.connections = connections;
    this.catalogue = catalogue;
    this.pauses = pauses;
  }

  /** Looks from now on. */
  public void start() {
    timer.scheduleWithFixedDelay(this::watch, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** On one connection for as long as that lasts. */
  private void watch() {
    try (JMSContext context = connections.createContext();
        JMSConsumer consumer = context.createConsumer(context.createQueue(answers))) {
      Queue management = context.createQueue(MANAGEMENT);
      while (!timer.isShutdown()) {
        look(context, management, consumer);
        if (timer.awaitTermination(PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (JMSSecurityRuntimeException e) {
      LOG.info("pauses in the broker's console are not seen: {}", e.getMessage());
      timer.shutdown();
    } catch (LedgerAwayException | JMSException | JMSRuntimeException e) {
      LOG.debug("queues are looked at again: {}", e.getMessage());
    } catch (InterruptedException e) {
      LOG.debug("the watch over queues is woken to stop");
    } catch (RuntimeException e) {
      LOG.error("the watch over queues failed and goes on", e);
    }
  }

  private void look(JMSContext context, Queue management, JMSConsumer consumer)
      throws JMSException {
    TreeMap<String, Boolean> paused = new TreeMap<>();
    for (String connector : used()) {
      Message answer = ask(context, management, consumer, connector);
      if (answer == null) {
        return; // the broker is slow: what was seen before stands
      }
      paused.put(connector, isPaused(answer));
    }
    pauses.queues(paused);
  }

  private Set<String> used() {
    Set<String> used = new TreeSet<>();
    catalogue.get().accounts().values().forEach(account -> used.add(account.connector().id()));
    return used;
  }

  private Message ask(JMSContext context, Queue management, JMSConsumer consumer, String connector)
      throws JMSException {
    Message question = context.createMessage();
    JMSManagementHelper.putAttribute(
        question, ResourceNames.QUEUE + RunQueues.of(connector), "paused");
    question.setJMSReplyTo(context.createQueue(answers));
    String id = UUID.randomUUID().toString();
    question.setJMSCorrelationID(id);
    context.createProducer().send(management, question);
    Message answer = consumer.receive(PATIENCE.toMillis());
    while (answer != null && !id.equals(answer.getJMSCorrelationID())) {
      answer = consumer.receive(PATIENCE.toMillis()); // one that came too late
    }
    return answer;
  }

  /** A queue that is not there yet is not paused; nor is one that may not be looked at. */
  private static boolean isPaused(Message answer) throws JMSException {
    try {
      return JMSManagementHelper.hasOperationSucceeded(answer)
          && Boolean.TRUE.equals(JMSManagementHelper.getResult(answer));
    } catch (JMSException e) {
      throw e;
    } catch (Exception e) { // the helper declares it
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
