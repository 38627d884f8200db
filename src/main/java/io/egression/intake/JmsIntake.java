package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.intake.Problem.ProblemException;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.Destination;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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

  /** Begins the names of the queues that producers may read answers from. */
  private static final String REPLIES = "egression.replies.";

  private static final Logger LOG = LoggerFactory.getLogger(JmsIntake.class);
  private static final Duration PATIENCE = Duration.ofMillis(500);
  private static final int MOST = 500;

  /**
   * The property of a rejected message that keeps who has sent it: the broker names the hub now.
   */
  private static final String USER = "EgressionUser";

  private final ConnectionFactory connections;
  private final JobIntake intake;
  private final Map<String, Set<String>> users;
  private final @Nullable String self;
  private final int largest;
  private final ObjectMapper json;
  private final Thread thread = new Thread(this::run, "egression-jms-intake");
  private final Semaphore stopped = new Semaphore(0);
  private volatile boolean stopping;

  private record Answer(Queue to, @Nullable String correlation, String text) {}

  /** The user of every message that came over AMQP. */
  private static final String AMQP = "amqp";

  /** The ledger is away: the messages stay where they are. */
  private static final class LaterException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param users the subscriptions of each of the broker's users; {@code *}: all; the user {@code
   *     anonymous}: of a broker that asks for no names; {@code amqp}: of all that comes over AMQP
   * @param self the hub's own user at the broker; null: it needs none
   * @param largest message, in bytes
   */
  public JmsIntake(
      ConnectionFactory connections,
      JobIntake intake,
      Map<String, Set<String>> users,
      @Nullable String self,
      int largest,
      ObjectMapper json) {
    this.connections = connections;
    this.intake = intake;
    this.users = Map.copyOf(users);
    this.self = self;
    this.largest = largest;
    this.json = json;
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    while (!stopping) {
      try (JMSContext context = connections.createContext(JMSContext.SESSION_TRANSACTED);
          JMSContext answering = context.createContext(JMSContext.AUTO_ACKNOWLEDGE)) {
        JMSConsumer consumer = context.createConsumer(context.createQueue(QUEUE));
        while (!stopping) {
          takeSome(context, consumer).forEach(answer -> send(answering, answer));
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

  /** All of them are acknowledged in one transaction, with what is rejected; answers follow it. */
  private List<Answer> takeSome(JMSContext context, JMSConsumer consumer) throws JMSException {
    List<Answer> answers = new ArrayList<>();
    Message message = consumer.receive(PATIENCE.toMillis());
    for (int taken = 0; message != null; taken++) {
      String correlation = correlation(message);
      Destination to = message.getJMSReplyTo();
      String answer = take(context, message);
      if (to instanceof Queue queue) {
        answers.add(new Answer(queue, correlation, answer));
      }
      message = taken + 1 < MOST && !stopping ? consumer.receiveNoWait() : null;
    }
    context.commit();
    return answers;
  }

  /** Its sender may be gone, or have named a queue that is not the hub's to write to. */
  private static void send(JMSContext context, Answer answer) {
    try {
      requireForReplies(answer.to().getQueueName());
      Message reply = context.createTextMessage(answer.text());
      reply.setJMSCorrelationID(answer.correlation());
      context.createProducer().send(answer.to(), reply);
    } catch (JMSException | JMSRuntimeException e) {
      LOG.warn(
          "the answer to message {} cannot be sent to {}: {}",
          answer.correlation(),
          answer.to(),
          e.getMessage());
    }
  }

  /** What the sender may not write to itself, it must not make the hub write to. */
  private static void requireForReplies(String queue) throws JMSException {
    if (queue.startsWith("egression.") && !queue.startsWith(REPLIES)) {
      throw new JMSException("of the hub's queues only " + REPLIES + "* take answers");
    }
  }

  private String take(JMSContext context, Message message) throws JMSException {
    Problem problem;
    try {
      JmsJob job = JmsJob.of(message, largest);
      List<JobIntake.Accepted> accepted =
          intake.accept(job.body(), job.key(), job.traceparent(), caller(message));
      return text(Map.of("jobs", accepted));
    } catch (ProblemException e) {
      problem = e.problem();
      if (problem.status() == 503) {
        throw new LaterException(); // the session is closed, and what it has taken comes again
      }
    } catch (JMSException | RuntimeException e) {
      LOG.error("message {} cannot be taken", message.getJMSMessageID(), e);
      problem =
          Problem.of(500, "internal", "The message could not be taken", "The hub's log says why.");
    }
    String why = text(problem);
    reject(context, message, why);
    return why;
  }

  private String text(Object answer) {
    try {
      return json.writeValueAsString(answer);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Caller caller(Message message) throws JMSException {
    String user = user(message);
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

  /**
   * Of a message that was moved back out of the rejected ones, who had sent it first. Artemis names
   * the user in messages of CORE alone (ARTEMIS-1092); an AMQP client could write any name there.
   */
  private String user(Message message) throws JMSException {
    if (JmsJob.isAmqp(message)) {
      return AMQP;
    }
    String name = message.getStringProperty("_AMQ_VALIDATED_USER");
    String first = message.getStringProperty(USER);
    if (name == null) {
      return "anonymous";
    }
    return name.equals(self) && first != null ? first : name;
  }

  /** The message itself is sent on, so that any kind keeps its body. */
  private void reject(JMSContext context, Message message, String why) throws JMSException {
    String correlation = correlation(message);
    LOG.warn("message {} is rejected: {}", JmsJob.id(message), why);
    String user = user(message);
    Map<String, Object> properties = new HashMap<>();
    for (String name : JmsJob.names(message.getPropertyNames())) {
      if (!name.startsWith("_AMQ") && (!name.startsWith("JMS") || name.equals("JMSXGroupID"))) {
        properties.put(name, message.getObjectProperty(name));
      } else if (name.equals(JmsJob.AMQP_CONTENT_TYPE)) {
        properties.put(JmsJob.CONTENT_TYPE, message.getObjectProperty(name));
      }
    }
    message.clearProperties(); // what was received is read-only
    for (Map.Entry<String, Object> property : properties.entrySet()) {
      message.setObjectProperty(property.getKey(), property.getValue());
    }
    message.setStringProperty(PROBLEM, why.substring(0, Math.min(why.length(), 10_000)));
    message.setStringProperty(USER, user);
    message.setJMSCorrelationID(correlation);
    context.createProducer().send(context.createQueue(REJECTED), message);
  }

  private static @Nullable String correlation(Message message) throws JMSException {
    String given = message.getJMSCorrelationID();
    return given == null ? JmsJob.id(message) : given;
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
    Map<String, Set<String>> users = new HashMap<>();
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
