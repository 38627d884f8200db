package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.intake.Problem.ProblemException;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes jobs from the queue {@code egression.jobs}. A message is consumed when the ledger has its
 * jobs, or when it lies in {@code egression.jobs.rejected} with the reason. The queue is exclusive:
 * one node reads it, in its order. Thread safe.
 */
public final class JmsIntake implements AutoCloseable {
  /** Where jobs come in. */
  public static final String QUEUE = "egression.jobs";

  /** Where messages lie that are no jobs. */
  public static final String REJECTED = "egression.jobs.rejected";

  /** The property of a rejected message that says why: a problem document. */
  public static final String PROBLEM = "EgressionProblem";

  private static final Logger LOG = LoggerFactory.getLogger(JmsIntake.class);
  private static final Duration PATIENCE = Duration.ofMillis(500);
  private static final int MOST = 200;

  private final ConnectionFactory connections;
  private final JobIntake intake;
  private final Map<String, Set<String>> users;
  private final int largest;
  private final ObjectMapper json;
  private final Thread thread = new Thread(this::run, "egression-jms-intake");
  private final Semaphore stopped = new Semaphore(0);
  private volatile boolean stopping;

  /** The ledger is away: the messages stay where they are. */
  private static final class LaterException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param users the subscriptions of each of the broker's users; {@code *}: all; the user {@code
   *     anonymous}: of a broker that asks for no names
   * @param largest message, in bytes
   */
  public JmsIntake(
      ConnectionFactory connections,
      JobIntake intake,
      Map<String, Set<String>> users,
      int largest,
      ObjectMapper json) {
    this.connections = connections;
    this.intake = intake;
    this.users = Map.copyOf(users);
    this.largest = largest;
    this.json = json;
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    while (!stopping) {
      try (JMSContext context = connections.createContext(JMSContext.SESSION_TRANSACTED)) {
        JMSConsumer consumer = context.createConsumer(context.createQueue(QUEUE));
        while (!stopping) {
          takeSome(context, consumer);
        }
      } catch (LaterException e) {
        LOG.debug("the ledger is away: messages stay in {}", QUEUE);
        rest();
      } catch (JMSException | JMSRuntimeException e) {
        if (!stopping) {
          LOG.warn("no jobs are taken from {}: {}", QUEUE, e.getMessage());
          rest();
        }
      } catch (RuntimeException e) {
        LOG.error("taking jobs from {} failed, and is tried again", QUEUE, e);
        rest();
      }
    }
  }

  private void rest() {
    try {
      stopped.tryAcquire(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** All of them are acknowledged in one transaction, with what is sent because of them. */
  private void takeSome(JMSContext context, JMSConsumer consumer) throws JMSException {
    Message message = consumer.receive(PATIENCE.toMillis());
    for (int taken = 0; message != null; taken++) {
      take(context, message);
      message = taken + 1 < MOST && !stopping ? consumer.receiveNoWait() : null;
    }
    context.commit();
  }

  private void take(JMSContext context, Message message) throws JMSException {
    try {
      JmsJob job = JmsJob.of(message, largest);
      List<JobIntake.Accepted> accepted =
          intake.accept(job.body(), job.key(), job.traceparent(), caller(message));
      reply(context, message, json.writeValueAsString(Map.of("jobs", accepted)));
    } catch (ProblemException e) {
      if (e.problem().status() == 503) {
        throw new LaterException(); // the session is closed, and what it has taken comes again
      }
      reject(context, message, e.problem());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Caller caller(Message message) throws JMSException {
    String name = message.getStringProperty("_AMQ_VALIDATED_USER");
    String user = name == null ? "anonymous" : name;
    Set<String> subscriptions = users.get(user);
    if (subscriptions == null) {
      throw new ProblemException(
          Problem.of(
              403,
              "forbidden",
              "The user '" + user + "' may not hand over jobs",
              "egression.jms.users says who may, and for which subscriptions."));
    }
    return new Caller(
        user, Caller.Role.PRODUCER, subscriptions.contains("*") ? null : subscriptions);
  }

  private void reject(JMSContext context, Message message, Problem problem) throws JMSException {
    String why;
    try {
      why = json.writeValueAsString(problem);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    LOG.warn("message {} is rejected: {}", message.getJMSMessageID(), why);
    Message kept = copy(context, message);
    kept.setStringProperty(PROBLEM, why.substring(0, Math.min(why.length(), 10_000)));
    kept.setJMSCorrelationID(correlation(message));
    context.createProducer().send(context.createQueue(REJECTED), kept);
    reply(context, message, why);
  }

  /** What is not a text keeps its form: the received message itself is sent on. */
  private static Message copy(JMSContext context, Message message) throws JMSException {
    Message copy;
    if (message instanceof TextMessage text) {
      copy = context.createTextMessage(text.getText());
    } else if (message instanceof jakarta.jms.BytesMessage bytes) {
      bytes.reset();
      byte[] content = new byte[(int) bytes.getBodyLength()];
      bytes.readBytes(content);
      jakarta.jms.BytesMessage same = context.createBytesMessage();
      same.writeBytes(content);
      copy = same;
    } else if (message instanceof jakarta.jms.MapMessage map) {
      jakarta.jms.MapMessage same = context.createMapMessage();
      for (String name : JmsJob.names(map.getMapNames())) {
        same.setObject(name, map.getObject(name));
      }
      copy = same;
    } else {
      copy = context.createMessage();
    }
    for (String name : JmsJob.names(message.getPropertyNames())) {
      if (!name.startsWith("JMS") && !name.startsWith("_AMQ")) {
        copy.setObjectProperty(name, message.getObjectProperty(name));
      }
    }
    return copy;
  }

  private static String correlation(Message message) throws JMSException {
    String given = message.getJMSCorrelationID();
    return given == null ? message.getJMSMessageID() : given;
  }

  private static void reply(JMSContext context, Message message, String answer)
      throws JMSException {
    if (message.getJMSReplyTo() instanceof Queue queue) {
      Message reply = context.createTextMessage(answer);
      reply.setJMSCorrelationID(correlation(message));
      context.createProducer().send(queue, reply);
    }
  }

  /** Ends after the message in hand. */
  @Override
  public void close() {
    stopping = true;
    stopped.release();
    try {
      thread.join(Duration.ofSeconds(10).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The setting's users.
   *
   * @param text {@code erp=acme+globex,pim=*}
   * @throws IllegalArgumentException saying what is wrong
   */
  public static Map<String, Set<String>> users(@Nullable String text) {
    Map<String, Set<String>> users = new java.util.HashMap<>();
    for (String each : text == null ? new String[0] : text.split(",")) {
      if (each.isBlank()) {
        continue;
      }
      String[] parts = each.strip().split("=", 2);
      if (parts.length < 2 || parts[0].isBlank() || parts[1].isBlank()) {
        throw new IllegalArgumentException(
            "'%s' must be <user>=<subscription>+<subscription> or <user>=*".formatted(each));
      }
      users.put(parts[0].strip(), Set.of(parts[1].strip().split("\\+")));
    }
    return users;
  }
}
