package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import io.egression.intake.JmsIntake;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityRuntimeException;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import java.nio.file.Path;
import java.util.Map;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Producers of a broker that knows its users, with the rights that artemis/broker.xml gives. */
class JmsSecurityIT {
  private static TestBroker broker;
  private static StubServer shop;
  private static TestHub hub;
  private static ActiveMQConnectionFactory factory;
  private static JMSContext erp;

  @BeforeAll
  static void start() {
    broker =
        TestBroker.secured(
            Map.of("hub", "runtime", "erp", "producer", "stranger", "producer", "boss", "admin"));
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .with("egression.broker.url", broker.url())
            .with("egression.broker.user", "hub")
            .with("egression.broker.password", TestBroker.password("hub"))
            .with("egression.jms.users", "erp=acme")
            .accounts("acme", account("shop"))
            .accounts("globex", account("shop"))
            .start();
    factory = new ActiveMQConnectionFactory(broker.url());
    erp = as("erp");
  }

  @AfterAll
  static void stop() {
    erp.close();
    factory.close();
    hub.close();
    shop.close();
    broker.close();
  }

  private static String account(String channel) {
    return TestHub.account(channel, shop, "payload: reference");
  }

  private static JMSContext as(String user) {
    return factory.createContext(user, TestBroker.password(user));
  }

  private static void send(JMSContext sender, String job) {
    sender.createProducer().send(sender.createQueue(JmsIntake.QUEUE), job);
  }

  private static long jobs(String object, String state) {
    return hub.number(
        "SELECT count(*) FROM job WHERE object_ids[1] = '%s' AND state = '%s'"
            .formatted(object, state));
  }

  private static void awaitDelivered(String object) {
    await(object).until(() -> jobs(object, "delivered") == 1);
  }

  private static void awaitRejected(String problem) {
    await(problem)
        .until(
            () ->
                broker
                        .queue(JmsIntake.REJECTED)
                        .countMessages("EgressionProblem LIKE '%" + problem + "%'")
                    == 1);
  }

  @Test
  void a_producer_hands_over_for_its_own_subscriptions_alone() {
    send(erp, TestHub.job("acme", "shop", "product", "own"));
    send(erp, TestHub.job("globex", "shop", "product", "foreign"));
    awaitDelivered("own");
    awaitRejected("globex");
    try (JMSContext stranger = as("stranger")) {
      send(stranger, TestHub.job("acme", "shop", "product", "unknown"));
    }
    awaitRejected("stranger");
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] IN ('foreign', 'unknown')"))
        .isZero();
  }

  @Test
  void a_producer_sends_to_the_intake_and_does_nothing_else() {
    String letters = "egression.dead-letter";
    assertThatThrownBy(() -> erp.createProducer().send(erp.createQueue(letters), "x"))
        .isInstanceOf(JMSSecurityRuntimeException.class);
    for (String queue : new String[] {JmsIntake.QUEUE, JmsIntake.REJECTED, letters}) {
      assertThatThrownBy(() -> erp.createConsumer(erp.createQueue(queue)))
          .isInstanceOf(JMSSecurityRuntimeException.class);
    }
    assertThatThrownBy(() -> factory.createContext().start())
        .isInstanceOf(JMSSecurityRuntimeException.class);
    assertThatThrownBy(() -> factory.createContext("erp", "wrong").start())
        .isInstanceOf(JMSSecurityRuntimeException.class);
  }

  @Test
  void a_producer_reads_the_answers_it_has_asked_for() throws JMSException {
    Queue replies = erp.createQueue("egression.replies.erp");
    try (JMSConsumer consumer = erp.createConsumer(replies)) {
      for (String subscription : new String[] {"acme", "globex"}) {
        Message message =
            erp.createTextMessage(TestHub.job(subscription, "shop", "product", "asked"));
        message.setJMSReplyTo(replies);
        message.setJMSCorrelationID("for " + subscription);
        erp.createProducer().send(erp.createQueue(JmsIntake.QUEUE), message);
        Message answer = consumer.receive(10_000);
        assertThat(answer.getJMSCorrelationID()).isEqualTo("for " + subscription);
        assertThat(answer.getBody(String.class))
            .contains(subscription.equals("acme") ? "\"jobs\"" : "\"status\":422");
      }
    }
    assertThatThrownBy(() -> erp.createProducer().send(replies, "forged"))
        .isInstanceOf(JMSSecurityRuntimeException.class);
  }

  @Test
  void an_answer_does_not_go_where_its_sender_may_not_send() throws JMSException {
    String letters = "egression.dead-letter";
    long before = broker.added(letters);
    Message message = erp.createTextMessage(TestHub.job("acme", "shop", "product", "deputy"));
    message.setJMSReplyTo(erp.createQueue(letters));
    erp.createProducer().send(erp.createQueue(JmsIntake.QUEUE), message);
    Queue replies = erp.createQueue("egression.replies.after");
    try (JMSConsumer consumer = erp.createConsumer(replies)) { // answers are sent in order
      Message next = erp.createTextMessage(TestHub.job("acme", "shop", "product", "after"));
      next.setJMSReplyTo(replies);
      erp.createProducer().send(erp.createQueue(JmsIntake.QUEUE), next);
      assertThat(consumer.receive(10_000)).isNotNull();
    }
    assertThat(broker.added(letters)).isEqualTo(before);
    awaitDelivered("deputy");
  }

  @Test
  void an_answer_that_may_not_be_sent_keeps_nothing_from_being_taken() throws JMSException {
    Message message = erp.createTextMessage(TestHub.job("acme", "shop", "product", "mute"));
    message.setJMSReplyTo(erp.createQueue("not.the.hub.s"));
    erp.createProducer().send(erp.createQueue(JmsIntake.QUEUE), message);
    send(erp, TestHub.job("acme", "shop", "product", "next"));
    awaitDelivered("mute");
    awaitDelivered("next");
    await().until(() -> broker.count(JmsIntake.QUEUE) == 0);
  }

  @Test
  void a_message_moved_back_when_its_reason_is_gone_is_still_its_sender_s() throws Exception {
    send(erp, TestHub.job("acme", "later", "product", "early"));
    awaitRejected("later");
    Path accounts = Path.of(hub.setting("egression.connectors.dir"), "subscriptions/acme.yaml");
    TestHub.write(accounts, "channels:\n" + account("shop") + account("later"));
    await().until(() -> hub.json(hub.get("/v1/overview")).toString().contains("\"later\""));
    assertThat(
            broker
                .queue(JmsIntake.REJECTED)
                .moveMessages("EgressionProblem LIKE '%later%'", JmsIntake.QUEUE))
        .isEqualTo(1);
    awaitDelivered("early");
  }
}
