package io.egression.delivery;

import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSRuntimeException;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes letters of jobs that are no longer dead out of the dead letter queue. Thread safe. */
final class LetterBox {
  private static final Logger LOG = LoggerFactory.getLogger(LetterBox.class);

  private final ConnectionFactory connections;

  LetterBox(ConnectionFactory connections) {
    this.connections = connections;
  }

  /** Removes the jobs' letters. If the broker is away they stay, out of date, and do nothing. */
  void remove(List<UUID> jobs) {
    if (jobs.isEmpty()) {
      return;
    }
    try (JMSContext context = connections.createContext(JMSContext.SESSION_TRANSACTED)) {
      for (UUID job : jobs) {
        try (JMSConsumer consumer =
            context.createConsumer(
                context.createQueue(RunQueues.DEAD_LETTER), "job = '" + job + "'")) {
          while (consumer.receiveNoWait() != null) {
            LOG.debug("the letter of job {} is taken back", job);
          }
        }
      }
      context.commit();
    } catch (JMSRuntimeException e) {
      LOG.warn("dead letters of replayed or discarded jobs stay: {}", e.getMessage());
    }
  }
}
