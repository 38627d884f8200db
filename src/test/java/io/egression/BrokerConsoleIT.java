package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.Message;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.activemq.artemis.api.core.management.ResourceNames;
import org.apache.activemq.artemis.api.jms.management.JMSManagementHelper;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an admin does to the broker's queues, the hub says and abides by. */
class BrokerConsoleIT {
  private static final String QUEUE = "egression.connector.http-connector";

  private TestBroker broker;
  private StubServer shop;
  private TestHub hub;

  @BeforeEach
  void prepare() {
    broker = TestBroker.secured(Map.of("hub", "runtime", "boss", "admin", "erp", "producer"));
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .with("egression.broker.url", broker.url())
            .with("egression.broker.user", "hub")
            .with("egression.broker.password", TestBroker.password("hub"))
            .accounts("acme", TestHub.account("shop", shop, "payload: reference"));
  }

  @AfterEach
  void stop() {
    hub.close();
    shop.close();
    broker.close();
  }

  private String submit(String object) {
    return hub.submit(TestHub.job("acme", "shop", "product", object)).get(0);
  }

  private JsonNode connector() {
    return hub.json(hub.get("/v1/overview")).at("/connectors/0");
  }

  @Test
  void a_paused_queue_is_shown_within_five_seconds_and_lets_nothing_through() throws Exception {
    hub.start();
    broker.queue(QUEUE).pause();
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> connector().path("state").asText().equals("paused"));
    assertThat(connector().get("text").asText()).contains("queue " + QUEUE + " is paused");
    String job = submit("a");
    await().atMost(Duration.ofSeconds(10)).until(() -> broker.count(QUEUE) == 1);
    JsonNode waitsFor = hub.job(job).get("waitsFor");
    assertThat(waitsFor.get("kind").asText()).isEqualTo("paused");
    assertThat(waitsFor.get("text").asText()).contains("queue " + QUEUE + " is paused");
    assertThat(hub.json(hub.get("/v1/objects/product/a")).at("/channels/0/next/text").asText())
        .contains("broker's console");
    assertThat(shop.calls()).isEmpty();
    broker.queue(QUEUE).resume();
    hub.await(job, "delivered");
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> connector().path("state").asText().equals("running"));
  }

  @Test
  void a_removed_run_is_orphaned_and_sent_again() throws Exception {
    hub.start();
    broker.queue(QUEUE).pause();
    String job = submit("a");
    await().atMost(Duration.ofSeconds(10)).until(() -> broker.count(QUEUE) == 1);
    assertThat(broker.queue(QUEUE).removeAllMessages()).isEqualTo(1);
    await().atMost(Duration.ofSeconds(60)).until(() -> broker.count(QUEUE) == 1);
    assertThat(hub.text("SELECT reason FROM lane")).startsWith("orphaned");
    broker.queue(QUEUE).resume();
    hub.await(job, "delivered");
  }

  @Test
  void a_removed_run_ends_there_if_the_policy_says_so_and_what_came_later_goes_on()
      throws Exception {
    hub.file("http-connector.connector.yaml", "removed: discard\n").start();
    broker.queue(QUEUE).pause();
    String removed = submit("a");
    await().atMost(Duration.ofSeconds(10)).until(() -> broker.count(QUEUE) == 1);
    String later = submit("b");
    assertThat(broker.queue(QUEUE).removeAllMessages()).isEqualTo(1);
    hub.await(removed, "cancelled");
    assertThat(hub.job(removed).get("reason").asText()).contains("removed its run from the broker");
    broker.queue(QUEUE).resume();
    hub.await(later, "delivered");
    assertThat(shop.calls()).hasSize(1);
  }

  @Test
  void the_hubs_user_may_look_at_its_queues_and_manage_nothing() throws Exception {
    hub.start();
    broker.queue(QUEUE).pause();
    submit("a");
    await().atMost(Duration.ofSeconds(10)).until(() -> broker.count(QUEUE) == 1);
    try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(broker.url());
        JMSContext context = factory.createContext("hub", TestBroker.password("hub"))) {
      Message seen = context.createMessage();
      JMSManagementHelper.putAttribute(seen, ResourceNames.QUEUE + QUEUE, "paused");
      assertThat(JMSManagementHelper.getResult(answer(context, seen))).isEqualTo(true);
      for (String operation : List.of("removeAllMessages", "resume")) {
        Message tried = context.createMessage();
        JMSManagementHelper.putOperationInvocation(tried, ResourceNames.QUEUE + QUEUE, operation);
        assertThat(JMSManagementHelper.hasOperationSucceeded(answer(context, tried))).isFalse();
      }
      Message address = context.createMessage();
      JMSManagementHelper.putOperationInvocation(
          address, ResourceNames.BROKER, "destroyQueue", QUEUE);
      assertThat(JMSManagementHelper.hasOperationSucceeded(answer(context, address))).isFalse();
    }
    assertThat(broker.count(QUEUE)).isEqualTo(1);
    assertThat(broker.queue(QUEUE).isPaused()).isTrue();
  }

  private static Message answer(JMSContext context, Message question) throws Exception {
    String answers = "egression.management.test";
    question.setJMSReplyTo(context.createQueue(answers));
    try (JMSConsumer consumer = context.createConsumer(context.createQueue(answers))) {
      context.createProducer().send(context.createQueue("activemq.management"), question);
      return consumer.receive(10_000);
    }
  }
}
