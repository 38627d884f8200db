package io.egression;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** The case of {@code jms-connector}: a broker beside the hub. */
final class JmsCase implements ConnectorCase {
  static final String QUEUE = "acme.products";
  private final int port = TestBroker.freePort();
  private final SecretFiles secrets = new SecretFiles().with("right", "#p4ss(w&rd) %");
  private final TestBroker broker = new TestBroker(TestBroker.newDirectory(), port);
  private final List<Received> received = new ArrayList<>();
  final List<TextMessage> messages = new ArrayList<>();

  private String url() {
    return "tcp://127.0.0.1:" + port;
  }

  @Override
  public String parameters() {
    return "{destination: \"queue:%s\", brokerUrl: \"%s\", user: u, password: '%s'}"
        .formatted(QUEUE, url(), secrets.placeholder("right"));
  }

  @Override
  public String parametersOfNothing(String secret) {
    return "{destination: \"queue:x\", brokerUrl: \"tcp://127.0.0.1:%d\", user: u, password: \"%s\"}"
        .formatted(TestBroker.freePort(), secrets.with("other", secret).placeholder("other"));
  }

  /** Puts a message there that the connector could have sent for this job. */
  void send(String job) {
    try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url());
        JMSContext context = factory.createContext()) {
      context
          .createProducer()
          .setProperty("_AMQ_DUPL_ID", job)
          .send(context.createQueue(QUEUE), "{\"objects\":[{\"id\":\"first\"}]}");
    }
  }

  @Override
  public List<Received> received() {
    try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url());
        JMSContext context = factory.createContext();
        JMSConsumer consumer = context.createConsumer(context.createQueue(QUEUE))) {
      for (TextMessage message = next(consumer); message != null; message = next(consumer)) {
        messages.add(message);
        received.add(
            new Received(
                new ObjectMapper().readTree(message.getText()).at("/objects/0/id").asText(),
                message.getStringProperty("IdempotencyKey")));
        if (message.getJMSDeliveryMode() != DeliveryMode.PERSISTENT) {
          throw new AssertionError("not persistent: " + message);
        }
      }
      return List.copyOf(received);
    } catch (JMSException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TextMessage next(JMSConsumer consumer) {
    return (TextMessage) consumer.receive(200);
  }

  @Override
  public void breakDown() {
    broker.stop();
  }

  @Override
  public void mend() {
    broker.start();
  }

  @Override
  public void close() {
    broker.close();
  }
}
