package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestBroker;
import io.egression.TestHub;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.QueueBrowser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Promise 5: a job that was answered is not called again, whatever becomes of its messages. */
class AtLeastOnceIT {
  private static final String QUEUE = "egression.connector.http-connector";

  private StubServer channel;
  private TestBroker broker;
  private TestHub hub;

  @BeforeEach
  void start() {
    channel = new StubServer(call -> Answer.of(200));
    broker = new TestBroker();
    hub =
        TestHub.prepare()
            .with("egression.broker.url", broker.url())
            .accounts(
                "acme",
                TestHub.account("shop", channel, "payload: reference", "partitionBy: object"))
            .start();
  }

  @AfterEach
  void stop() {
    hub.close();
    broker.close();
    channel.close();
  }

  private List<String> submit(int count) {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      jobs.add(TestHub.job("acme", "shop", "product", "p" + i));
    }
    return hub.submit("[" + String.join(",", jobs) + "]");
  }

  private void awaitQueued(int count) {
    await().untilAsserted(() -> assertThat(broker.count(QUEUE)).isEqualTo(count));
  }

  @Test
  void messages_that_come_twice_or_late_cause_no_second_call() throws Exception {
    broker.queue(QUEUE).pause();
    List<String> jobs = submit(10);
    awaitQueued(10);
    copyMessages();
    awaitQueued(20);
    broker.queue(QUEUE).resume();
    jobs.forEach(job -> hub.await(job, "delivered"));
    copy(kept); // late: after all has ended
    await().untilAsserted(() -> assertThat(broker.count(QUEUE)).isZero());
    assertThat(channel.calls()).hasSize(10);
  }

  private final List<Message> kept = new ArrayList<>();

  private void copyMessages() throws JMSException {
    try (ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(broker.url())) {
      connections.setConsumerWindowSize(0);
      try (JMSContext context = connections.createContext();
          QueueBrowser browser = context.createBrowser(context.createQueue(QUEUE))) {
        for (Enumeration<?> each = browser.getEnumeration(); each.hasMoreElements(); ) {
          kept.add((Message) each.nextElement());
        }
      }
    }
    copy(kept);
  }

  private void copy(List<Message> messages) throws JMSException {
    try (ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(broker.url());
        JMSContext context = connections.createContext()) {
      for (Message message : messages) {
        Message copy = context.createTextMessage(message.getBody(String.class));
        for (String name : List.of("run", "account", "partition")) {
          copy.setStringProperty(name, message.getStringProperty(name));
        }
        copy.setLongProperty("lane", message.getLongProperty("lane"));
        context
            .createProducer()
            .setDeliveryMode(DeliveryMode.PERSISTENT)
            .send(context.createQueue(QUEUE), copy);
      }
    }
  }

  @Test
  void a_broker_that_dies_during_a_call_and_loses_its_acknowledgement_causes_no_second_call()
      throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    channel.behave(
        call -> {
          inCall.countDown();
          goOn.await();
          return Answer.of(200);
        });
    List<String> jobs = submit(1);
    inCall.await();
    broker.stop();
    broker.start();
    goOn.countDown();
    hub.await(jobs.get(0), "delivered");
    await().untilAsserted(() -> assertThat(broker.count(QUEUE)).isZero());
    assertThat(channel.calls()).hasSize(1);
  }

  @Test
  void runs_whose_messages_are_purged_are_found_and_sent_again() throws Exception {
    broker.queue(QUEUE).pause();
    List<String> jobs = submit(5);
    awaitQueued(5);
    broker.queue(QUEUE).removeAllMessages();
    broker.queue(QUEUE).resume();
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(jobs).allMatch(job -> hub.state(job).equals("delivered")));
    assertThat(channel.calls()).hasSize(5);
    assertThat(hub.hub().repairs()).isEqualTo(5);
    assertThat(hub.json(hub.get("/health")).get("repairs").asInt()).isEqualTo(5);
  }

  @Test
  void runs_whose_queue_is_deleted_are_found_and_sent_again_and_the_queue_is_back()
      throws Exception {
    broker.queue(QUEUE).pause();
    List<String> jobs = submit(5);
    awaitQueued(5);
    broker.delete(QUEUE);
    jobs.forEach(job -> hub.await(job, "delivered"));
    assertThat(channel.calls()).hasSize(5);
    submit(5).forEach(job -> hub.await(job, "delivered")); // its consumers are back
    await().untilAsserted(() -> assertThat(broker.count(QUEUE)).isZero());
  }

  @Test
  void a_paused_queue_keeps_its_runs_and_the_sweep_leaves_them() throws Exception {
    broker.queue(QUEUE).pause();
    List<String> jobs = submit(3);
    awaitQueued(3);
    await()
        .atMost(Duration.ofSeconds(30))
        .pollDelay(Duration.ofSeconds(17))
        .until(() -> true); // past a sweep that finds them old
    assertThat(broker.count(QUEUE)).isEqualTo(3);
    assertThat(channel.calls()).isEmpty();
    assertThat(hub.json(hub.get("/health")).get("repairs").asInt()).isZero();
    broker.queue(QUEUE).resume();
    jobs.forEach(job -> hub.await(job, "delivered"));
  }

  @Test
  void a_message_that_is_not_the_hub_s_is_dropped_and_the_rest_goes_on() {
    try (ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory(broker.url());
        JMSContext context = connections.createContext()) {
      context.createProducer().send(context.createQueue(QUEUE), "hello");
    }
    submit(1).forEach(job -> hub.await(job, "delivered"));
    await().untilAsserted(() -> assertThat(broker.count(QUEUE)).isZero());
  }
}
