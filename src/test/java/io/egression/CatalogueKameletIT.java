package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.StubServer.Answer;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Kamelets as Camel's catalogue has them, as connectors: nothing in them is ours. */
class CatalogueKameletIT {
  private static StubServer channel;
  private static TestBroker broker;
  private static TestHub hub;

  @BeforeAll
  static void start() throws Exception {
    channel = new StubServer(call -> Answer.of(200));
    broker = new TestBroker();
    hub =
        TestHub.prepare()
            .file("http-sink.kamelet.yaml", fromCatalogue("http-sink"))
            .file("http-sink.connector.yaml", "retry: {first: 50ms, factor: 1, most: 100ms}\n")
            .file("jms-apache-artemis-sink.kamelet.yaml", fromCatalogue("jms-apache-artemis-sink"))
            .accounts(
                "acme",
                TestHub.account("web", channel, "payload: reference")
                    .replace("http-connector", "http-sink"),
                "  queue:\n    connector: jms-apache-artemis-sink\n    payload: reference\n"
                    + "    parameters: {destinationName: acme.products, brokerURL: \""
                    + broker.url()
                    + "\"}\n")
            .start();
  }

  private static String fromCatalogue(String name) throws IOException {
    String file = "/kamelets/" + name + ".kamelet.yaml";
    try (InputStream in = CatalogueKameletIT.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @AfterAll
  static void stop() throws Exception {
    hub.close();
    channel.close();
    broker.stop();
  }

  private static String submit(String channel, String object) {
    return hub.submit(TestHub.job("acme", channel, "product", object)).get(0);
  }

  @Test
  void the_sink_for_http_posts_what_http_connector_posts() {
    channel.calls().clear();
    String job = submit("web", "ä 1");
    hub.await(job, "delivered");
    assertThat(channel.calls()).hasSize(1);
    JsonNode body = channel.calls().get(0).json();
    assertThat(body.get("job").asText()).isEqualTo(job);
    assertThat(body.at("/objects/0/id").asText()).isEqualTo("ä 1");
    assertThat(channel.calls().get(0).header("Idempotency-Key")).isEqualTo(job);
  }

  @Test
  void an_answer_that_it_throws_means_what_its_status_means() {
    channel.behave(
        call ->
            call.objectId().equals("busy") && channel.calls().size() < 3
                ? Answer.of(503, "Retry-After", "0")
                : new Answer(call.objectId().equals("bad") ? 422 : 200, Map.of(), "no such size"));
    channel.calls().clear();
    JsonNode busy = hub.await(submit("web", "busy"), "delivered");
    assertThat(busy.at("/attempts/0/status").asInt()).isEqualTo(503);
    JsonNode bad = hub.await(submit("web", "bad"), "dead");
    assertThat(bad.get("reason").asText()).isEqualTo("status 422");
    assertThat(bad.at("/attempts/0/detail").asText()).isEqualTo("no such size");
    channel.behave(call -> Answer.of(200));
  }

  @Test
  void the_sink_for_artemis_sends_it_as_text() throws Exception {
    String job = submit("queue", "17");
    hub.await(job, "delivered");
    ConnectionFactory connections = new ActiveMQConnectionFactory(broker.url());
    try (JMSContext jms = connections.createContext()) {
      String text =
          jms.createConsumer(jms.createQueue("acme.products")).receiveBody(String.class, 10_000);
      assertThat(new ObjectMapper().readTree(text).get("job").asText()).isEqualTo(job);
    }
  }
}
