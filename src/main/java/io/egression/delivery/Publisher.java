package io.egression.delivery;

import io.egression.ledger.Dispatch.Publication;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSProducer;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.Queue;
import jakarta.jms.TextMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sends runs, many in one JMS transaction. For one thread. */
final class Publisher implements AutoCloseable {
  private final ConnectionFactory connections;
  private final Map<String, Queue> queues = new HashMap<>();
  private @Nullable JMSContext context;

  Publisher(ConnectionFactory connections) {
    this.connections = connections;
  }

  /**
   * Connects if need be.
   *
   * @throws JMSRuntimeException if the broker is away
   */
  JMSContext open() {
    if (context == null) {
      context = connections.createContext(JMSContext.SESSION_TRANSACTED);
    }
    return context;
  }

  /**
   * Sends all or none.
   *
   * @throws JMSRuntimeException if the broker did not take them
   */
  void send(List<Publication> runs) {
    JMSContext session = open();
    try {
      JMSProducer producer = session.createProducer();
      for (Publication run : runs) {
        producer.setPriority(run.priority());
        producer.send(queue(session, run.connector()), message(session, run));
      }
      session.commit();
    } catch (JMSException e) {
      close();
      throw new JMSRuntimeException(e.getMessage(), e.getErrorCode(), e);
    } catch (JMSRuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Artemis asks the broker about a queue each time that it is named anew. Not asking is for runs
   * alone: what is sent to a queue that was deleted is lost, and the sweep sends only them again.
   */
  private Queue queue(JMSContext session, String connector) {
    return queues.computeIfAbsent(connector, id -> session.createQueue(RunQueues.of(id)));
  }

  /**
   * The group shows and guards the partition key; the message also closes it, so that a key is
   * never pinned to a consumer that is busy with another.
   */
  private static TextMessage message(JMSContext session, Publication run) throws JMSException {
    TextMessage message = session.createTextMessage(run.body());
    message.setStringProperty("JMSXGroupID", run.account() + "/" + run.partitionKey());
    message.setIntProperty("JMSXGroupSeq", -1);
    message.setStringProperty(RunQueues.RUN, run.run().toString());
    message.setLongProperty(RunQueues.LANE, run.lane());
    message.setStringProperty(RunQueues.ACCOUNT, run.account().toString());
    message.setStringProperty(RunQueues.PARTITION, run.partitionKey());
    message.setIntProperty(RunQueues.JOBS, run.jobs());
    if (run.firstJob() != null) {
      message.setStringProperty(RunQueues.FIRST_JOB, run.firstJob().toString());
      message.setIntProperty(RunQueues.ATTEMPT, run.attempt());
    }
    return message;
  }

  @Override
  public void close() {
    JMSContext open = context;
    context = null;
    queues.clear();
    if (open != null) {
      open.close();
    }
  }
}
