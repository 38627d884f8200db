package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.StubServer.Answer;
import io.egression.intake.JmsIntake;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.ObjectMessage;
import jakarta.jms.Queue;
import jakarta.jms.StreamMessage;
import jakarta.jms.TextMessage;
import java.util.ArrayList;
import java.util.List;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs come in over the queue egression.jobs of a real broker. */
class JmsIntakeIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static TestBroker broker;
  private static StubServer shop;
  private static TestHub hub;
  private static ActiveMQConnectionFactory factory;
  private static JMSContext jms;

  @BeforeAll
  static void start() {
    broker = new TestBroker();
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .with("egression.broker.url", broker.url())
            .with("egression.jms.users", "anonymous=acme, erp=*")
            .accounts("acme", TestHub.account("shop", shop, "payload: reference"))
            .accounts("globex", TestHub.account("shop", shop, "payload: reference"))
            .start();
    factory = new ActiveMQConnectionFactory(broker.url());
    jms = factory.createContext();
  }

  @AfterAll
  static void stop() {
    jms.close();
    factory.close();
    hub.close();
    shop.close();
    broker.close();
  }

  private interface Change {
    void to(Message message) throws JMSException;
  }

  private static void send(Message message, Change change) {
    try {
      change.to(message);
      jms.createProducer().send(jms.createQueue(JmsIntake.QUEUE), message);
    } catch (JMSException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void send(String text) {
    send(jms.createTextMessage(text), message -> {});
  }

  private static JsonNode reply(Message message, Change change) {
    Queue answers = jms.createTemporaryQueue();
    send(
        message,
        each -> {
          each.setJMSReplyTo(answers);
          each.setJMSCorrelationID("mine-1");
          change.to(each);
        });
    try (var consumer = jms.createConsumer(answers)) {
      Message answer = consumer.receive(20_000);
      assertThat(answer.getJMSCorrelationID()).isEqualTo("mine-1");
      return JSON.readTree(((TextMessage) answer).getText());
    } catch (JMSException | java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitDelivered(String object) {
    await(object)
        .until(
            () ->
                hub.number(
                        "SELECT count(*) FROM job WHERE state = 'delivered' AND object_ids[1] = '%s'"
                            .formatted(object))
                    == 1);
  }

  @Test
  void a_correlation_id_is_kept_and_a_job_s_own_goes_before_it() {
    String own = TestHub.job("acme", "shop", "product", "own", "\"correlationId\":\"its own\"");
    String jobs = "[" + TestHub.job("acme", "shop", "product", "without") + "," + own + "]";
    JsonNode accepted = reply(jms.createTextMessage(jobs), message -> {}).get("jobs");
    assertThat(hub.job(accepted.at("/0/id").asText()).get("correlationId").asText())
        .isEqualTo("mine-1");
    assertThat(hub.job(accepted.at("/1/id").asText()).get("correlationId").asText())
        .isEqualTo("its own");
  }

  @Test
  void text_bytes_and_maps_are_jobs() {
    send(TestHub.job("acme", "shop", "product", "text"));
    BytesMessage bytes = jms.createBytesMessage();
    send(
        bytes,
        message ->
            bytes.writeBytes(
                ("[" + TestHub.job("acme", "shop", "product", "bytes") + "]")
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    MapMessage map = jms.createMapMessage();
    send(
        map,
        message -> {
          map.setString("subscription", "acme");
          map.setString("source", "erp");
          map.setString("action", "delete");
          map.setString("objectType", "product");
          map.setString("objectIds", "map");
          map.setInt("priority", 7);
        });
    List.of("text", "bytes", "map").forEach(JmsIntakeIT::awaitDelivered);
  }

  @Test
  void a_cloud_event_is_a_job_in_both_modes_and_comes_once() {
    for (int i = 0; i < 2; i++) {
      send(
          jms.createTextMessage("{\"anything\": true}"),
          message -> {
            message.setStringProperty("ce_id", "17");
            message.setStringProperty("ce_source", "/shops/erp");
            message.setStringProperty("ce_type", "com.example.product.updated");
            message.setStringProperty("ce_subject", "product/binary");
            message.setStringProperty("ce_subscription", "acme");
          });
    }
    send(
        jms.createTextMessage(
            "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"pim\",\"type\":\"x.offer.deleted\",\"subject\":\"structured\",\"subscription\":\"acme\"}"),
        message -> message.setStringProperty("content_type", "application/cloudevents+json"));
    awaitDelivered("binary");
    awaitDelivered("structured");
    assertThat(
            hub.text(
                "SELECT object_type || ' ' || action || ' ' || source FROM job WHERE object_ids[1] = 'structured'"))
        .isEqualTo("offer delete pim");
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] = 'binary'")).isEqualTo(1);
  }

  @Test
  void the_group_is_the_partition_key_and_the_queue_s_order_is_kept() {
    for (int i = 0; i < 50; i++) {
      int n = i;
      send(
          jms.createTextMessage(TestHub.job("acme", "shop", "grouped", "g" + n)),
          message -> message.setStringProperty("JMSXGroupID", "group-" + n % 2));
    }
    await()
        .until(
            () ->
                hub.number(
                        "SELECT count(*) FROM job WHERE object_type = 'grouped' AND state = 'delivered'")
                    == 50);
    assertThat(hub.number("SELECT count(DISTINCT lane_id) FROM job WHERE object_type = 'grouped'"))
        .isEqualTo(2);
    for (int group = 0; group < 2; group++) {
      int of = group;
      List<Integer> order = new ArrayList<>();
      shop.calls().stream()
          .filter(call -> call.json().get("objectType").asText().equals("grouped"))
          .map(call -> Integer.parseInt(call.objectId().substring(1)))
          .filter(n -> n % 2 == of)
          .forEach(order::add);
      assertThat(order).hasSize(25).isSorted();
    }
  }

  @Test
  void the_sender_is_answered_with_the_jobs_or_the_reason() {
    JsonNode accepted =
        reply(jms.createTextMessage(TestHub.job("acme", "shop", "product", "asked")), m -> {});
    assertThat(hub.state(accepted.at("/jobs/0/id").asText())).isNotEmpty();
    JsonNode refused =
        reply(
            jms.createTextMessage(
                TestHub.job("acme", "shop", "product", "x").replace("objectIds", "objectId")),
            m -> {});
    assertThat(refused.get("status").asInt()).isEqualTo(422);
    assertThat(refused.toString()).contains("did you mean 'objectIds'?");
  }

  @Test
  void what_is_no_job_lies_in_the_rejected_queue_with_the_reason_and_its_neighbours_go_on()
      throws JMSException {
    long before = broker.count(JmsIntake.REJECTED);
    send("this is no JSON");
    send(TestHub.job("globex", "shop", "product", "foreign")); // anonymous is for acme alone
    send(jms.createMessage(), message -> {});
    send(TestHub.job("acme", "shop", "product", "neighbour"));
    awaitDelivered("neighbour");
    await().until(() -> broker.count(JmsIntake.REJECTED) == before + 3);
    assertThat(broker.count(JmsIntake.QUEUE)).isZero();
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] = 'foreign'")).isZero();
    try (var consumer =
        jms.createConsumer(
            jms.createQueue(JmsIntake.REJECTED), JmsIntake.PROBLEM + " LIKE '%JSON%'")) {
      TextMessage rejected = (TextMessage) consumer.receive(10_000);
      assertThat(rejected.getText()).isEqualTo("this is no JSON");
      assertThat(rejected.getStringProperty(JmsIntake.PROBLEM)).contains("\"status\":400");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"JMS_AMQP_ORIGINAL_ENCODING", "NATIVE_MESSAGE_ID"})
  void who_sent_it_is_not_for_an_amqp_message_to_say(String mark) throws JMSException {
    long before = broker.count(JmsIntake.REJECTED);
    send(
        jms.createTextMessage(TestHub.job("acme", "shop", "product", "spoofed")),
        message -> {
          message.setStringProperty(mark, "1"); // as the broker does
          message.setStringProperty("_AMQ_VALIDATED_USER", "erp");
        });
    await().until(() -> broker.count(JmsIntake.REJECTED) == before + 1);
    try (var consumer =
        jms.createConsumer(
            jms.createQueue(JmsIntake.REJECTED), JmsIntake.PROBLEM + " LIKE '%amqp%'")) {
      Message rejected = consumer.receive(10_000);
      assertThat(rejected.getStringProperty("EgressionUser")).isEqualTo("amqp");
      assertThat(rejected.getStringProperty(JmsIntake.PROBLEM)).contains("\"status\":403");
    }
  }

  @Test
  void the_same_message_is_one_job() {
    String job = TestHub.job("acme", "shop", "product", "twice", "\"idempotencyKey\":\"k-1\"");
    send(job);
    send(job);
    awaitDelivered("twice");
    await().until(() -> broker.count(JmsIntake.QUEUE) == 0);
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] = 'twice'")).isEqualTo(1);
  }

  @Test
  void a_rejected_message_of_any_kind_and_size_keeps_its_body_and_its_properties()
      throws JMSException {
    String large = "no JSON " + "x".repeat(300_000);
    StreamMessage stream = jms.createStreamMessage();
    MapMessage map = jms.createMapMessage();
    BytesMessage bytes = jms.createBytesMessage();
    Change mine = message -> message.setStringProperty("mine", "kept");
    send(jms.createTextMessage(large), mine);
    send(stream, message -> stream.writeInt(42));
    send(map, message -> map.setString("colour", "red"));
    send(bytes, message -> bytes.writeBytes(new byte[] {1, 2, 3}));
    send(jms.createObjectMessage("an object"), message -> {});
    send(TestHub.job("acme", "shop", "product", "after-them"));
    awaitDelivered("after-them");
    try (var consumer = jms.createConsumer(jms.createQueue(JmsIntake.REJECTED), "mine = 'kept'")) {
      assertThat(((TextMessage) consumer.receive(10_000)).getText()).isEqualTo(large);
    }
    List<Object> bodies = new ArrayList<>();
    try (var consumer = jms.createConsumer(jms.createQueue(JmsIntake.REJECTED))) {
      for (Message one = consumer.receive(5_000); one != null; one = consumer.receive(500)) {
        assertThat(one.getStringProperty(JmsIntake.PROBLEM)).contains("\"status\"");
        if (one instanceof StreamMessage rejected) {
          bodies.add(rejected.readInt());
        } else if (one instanceof MapMessage rejected) {
          bodies.add(rejected.getString("colour"));
        } else if (one instanceof BytesMessage rejected) {
          bodies.add(rejected.getBodyLength());
        } else if (one instanceof ObjectMessage) {
          bodies.add("object");
        }
      }
    }
    assertThat(bodies).contains(42, "red", 3L, "object");
  }

  @Test
  void events_whose_long_source_begins_alike_are_jobs_of_their_own() {
    for (String id : List.of("long-a", "long-b")) {
      send(
          jms.createTextMessage(""),
          message -> {
            message.setStringProperty("ce_id", id);
            message.setStringProperty("ce_source", "https://example.org/" + "x".repeat(300));
            message.setStringProperty("ce_type", "product.updated");
            message.setStringProperty("ce_subject", "product/" + id);
            message.setStringProperty("ce_subscription", "acme");
          });
    }
    awaitDelivered("long-a");
    awaitDelivered("long-b");
  }
}
