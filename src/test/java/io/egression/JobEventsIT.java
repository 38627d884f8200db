package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.standardwebhooks.Webhook;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.Message;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;

/** Who hands jobs over is told how they end. */
class JobEventsIT {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final ObjectMapper JSON = new ObjectMapper();

  private static String webhook(StubServer receiver) {
    return "events: {webhook: {url: \"%s/hook\", secret: \"%s\"}}\n"
        .formatted(receiver.url(), new SecretFiles().with("hook", SECRET).placeholder("hook"));
  }

  private static TestHub subscription(TestHub hub, String name, String events, String... accounts) {
    return hub.file(
        "subscriptions/" + name + ".yaml", events + "channels:\n" + String.join("", accounts));
  }

  private static List<JsonNode> told(StubServer receiver) {
    List<JsonNode> told = new ArrayList<>();
    receiver.calls().forEach(call -> call.json().forEach(told::add));
    return told;
  }

  @Test
  void each_end_is_told_to_the_webhook_signed_with_what_the_job_was() throws Exception {
    try (StubServer receiver = new StubServer(call -> Answer.of(204));
        StubServer channel =
            new StubServer(call -> Answer.of(call.body().contains("\"bad\"") ? 422 : 200));
        TestHub hub =
            subscription(
                    TestHub.prepare(),
                    "acme",
                    webhook(receiver),
                    TestHub.account("shop", channel, "payload: reference", "partitionBy: object"))
                .start()) {
      String good =
          hub.submit(TestHub.job("acme", "shop", "product", "good", "\"correlationId\":\"po 7/ü\""))
              .get(0);
      String bad = hub.submit(TestHub.job("acme", "shop", "product", "bad")).get(0);
      String later =
          hub.submit(
                  TestHub.job(
                      "acme", "shop", "product", "x", "\"notBefore\":\"2099-01-01T00:00:00Z\""))
              .get(0);
      hub.await(bad, "dead");
      assertThat(hub.post("/v1/jobs/" + later + "/cancel", "").statusCode()).isEqualTo(200);
      await().atMost(Duration.ofSeconds(30)).until(() -> told(receiver).size() == 3);
      Map<String, JsonNode> byJob = new ConcurrentHashMap<>();
      told(receiver).forEach(event -> byJob.put(event.get("subject").asText(), event));
      assertThat(byJob.get(good).get("type").asText()).isEqualTo("io.egression.job.delivered");
      assertThat(byJob.get(good).get("source").asText()).isEqualTo("urn:egression:acme");
      assertThat(byJob.get(good).get("correlationid").asText()).isEqualTo("po 7/ü");
      JsonNode data = byJob.get(good).get("data");
      assertThat(data.get("objectIds")).isEqualTo(JSON.readTree("[\"good\"]"));
      assertThat(data.get("channel").asText()).isEqualTo("shop");
      assertThat(data.get("attempts").asInt()).isEqualTo(1);
      assertThat(data.get("correlationId").asText()).isEqualTo("po 7/ü");
      assertThat(hub.job(good).get("correlationId").asText()).isEqualTo("po 7/ü");
      assertThat(byJob.get(bad).get("type").asText()).isEqualTo("io.egression.job.dead");
      assertThat(byJob.get(bad).at("/data/reason").asText()).contains("status 422");
      assertThat(byJob.get(later).get("type").asText()).isEqualTo("io.egression.job.cancelled");
      for (Call call : receiver.calls()) {
        assertThat(call.header("Content-Type")).startsWith("application/cloudevents-batch+json");
        HttpHeaders headers = HttpHeaders.of(call.headers(), (name, value) -> true);
        new Webhook(SECRET).verify(call.body(), headers); // throws if it is not right
      }
      hub.post("/v1/jobs/" + bad + "/replay", "");
      await().atMost(Duration.ofSeconds(30)).until(() -> told(receiver).size() == 4);
      assertThat(told(receiver))
          .extracting(event -> event.get("id").asText())
          .doesNotHaveDuplicates();
      assertThat(hub.number("SELECT count(*) FROM ending")).isZero();
    }
  }

  @Test
  void a_webhook_that_is_down_is_told_later_in_order_and_keeps_nobody_else_waiting() {
    AtomicBoolean down = new AtomicBoolean(true);
    try (StubServer receiver = new StubServer(call -> Answer.of(down.get() ? 503 : 200));
        StubServer other = new StubServer(call -> Answer.of(200));
        StubServer channel = new StubServer(call -> Answer.of(200));
        TestHub hub = TestHub.prepare()) {
      String account = TestHub.account("shop", channel, "payload: reference");
      subscription(hub, "acme", webhook(receiver), account);
      subscription(hub, "globex", webhook(other), account);
      hub.start();
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 250; i++) {
        ids.addAll(hub.submit(TestHub.job("acme", "shop", "product", "p" + i)));
      }
      hub.submit(TestHub.job("globex", "shop", "product", "p"));
      hub.awaitAllFinal(Duration.ofSeconds(60));
      await().atMost(Duration.ofSeconds(30)).until(() -> told(other).size() == 1);
      assertThat(hub.number("SELECT count(*) FROM ending WHERE subscription = 'acme'"))
          .isEqualTo(250);
      hub.stop();
      hub.start();
      down.set(false);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> hub.number("SELECT count(*) FROM ending") == 0);
      assertThat(told(receiver).stream().distinct())
          .extracting(event -> event.get("subject").asText())
          .as("one key: its jobs end in their order")
          .containsExactlyElementsOf(ids);
    }
  }

  @Test
  void subscribers_of_the_address_are_told_also_of_what_ended_while_they_were_away()
      throws Exception {
    try (TestBroker broker = new TestBroker();
        StubServer channel = new StubServer(call -> Answer.of(200));
        TestHub hub =
            subscription(
                    TestHub.prepare().with("egression.broker.url", broker.url()),
                    "acme",
                    "events: {topic: true}\n",
                    TestHub.account("shop", channel, "payload: reference"))
                .start();
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(broker.url())) {
      try (JMSContext context = factory.createContext()) {
        context.createSharedDurableConsumer(context.createTopic("egression.events"), "erp").close();
      }
      String job =
          hub.submit(TestHub.job("acme", "shop", "product", "a", "\"correlationId\":\"po 7\""))
              .get(0);
      hub.await(job, "delivered");
      try (JMSContext context = factory.createContext();
          JMSConsumer consumer =
              context.createSharedDurableConsumer(context.createTopic("egression.events"), "erp")) {
        Message message = consumer.receive(30_000);
        JsonNode event = JSON.readTree(message.getBody(String.class));
        assertThat(event.get("subject").asText()).isEqualTo(job);
        assertThat(message.getJMSType()).isEqualTo("io.egression.job.delivered");
        assertThat(message.getJMSCorrelationID()).isEqualTo("po 7");
        assertThat(message.getStringProperty("state")).isEqualTo("delivered");
        assertThat(message.getStringProperty("channel")).isEqualTo("shop");
      }
    }
  }

  @Test
  void it_begins_and_ends_with_an_edit_and_costs_nothing_before() {
    try (StubServer receiver = new StubServer(call -> Answer.of(200));
        StubServer channel = new StubServer(call -> Answer.of(200));
        TestHub hub = TestHub.prepare()) {
      String account = TestHub.account("shop", channel, "payload: reference");
      hub.accounts("acme", account).start();
      hub.await(hub.submit(TestHub.job("acme", "shop", "product", "a")).get(0), "delivered");
      assertThat(hub.number("SELECT count(*) FROM ending")).isZero();
      subscription(hub, "acme", webhook(receiver), account);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> hub.number("SELECT cardinality(tells) FROM account") == 1);
      String second = hub.submit(TestHub.job("acme", "shop", "product", "b")).get(0);
      await().atMost(Duration.ofSeconds(30)).until(() -> told(receiver).size() == 1);
      assertThat(told(receiver).get(0).get("subject").asText()).isEqualTo(second);
      hub.accounts("acme", account);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> hub.number("SELECT cardinality(tells) FROM account") == 0);
      hub.await(hub.submit(TestHub.job("acme", "shop", "product", "c")).get(0), "delivered");
      assertThat(hub.number("SELECT count(*) FROM ending")).isZero();
    }
  }
}
