package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.StubServer.Answer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** CloudEvents at POST /v1/jobs, in each mode of their HTTP protocol binding. */
class HttpEventsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STRUCTURED = "application/cloudevents+json";
  private static final String BATCH = "application/cloudevents-batch+json";

  private static StubServer server;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    server = new StubServer(call -> Answer.json("{\"name\":\"any\"}"));
    hub =
        TestHub.prepare()
            .metadata(server)
            .accounts("acme", TestHub.account("webshop", server))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  private static ObjectNode event(String id, String type, String subject) {
    return JSON.createObjectNode()
        .put("specversion", "1.0")
        .put("id", id)
        .put("source", "https://pim.example.com/feeds?a=b")
        .put("type", type)
        .put("subject", subject)
        .put("subscription", "acme")
        .put("channel", "webshop");
  }

  private static HttpResponse<String> send(String type, JsonNode body) {
    return TestHub.send(
        hub.request("/v1/jobs")
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body.toString()))
            .build());
  }

  private static JsonNode accepted(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return hub.json(answer).get("jobs");
  }

  private static JsonNode job(JsonNode accepted) {
    return hub.json(hub.get("/v1/jobs/" + accepted.get("id").asText()));
  }

  @Test
  void an_event_in_structured_mode_is_a_job() {
    ObjectNode event = event("s1", "com.example.product.created", "Z/1010 é");
    event.putObject("data").put("name", "not looked at");
    JsonNode job = job(accepted(send(STRUCTURED + "; charset=UTF-8", event)).get(0));
    assertThat(job.get("action").asText()).isEqualTo("create");
    // its subject's first part is the type
    assertThat(job.get("objectType").asText()).isEqualTo("Z");
    assertThat(job.get("objectIds")).isEqualTo(JSON.createArrayNode().add("1010 é"));
    assertThat(job.get("source").asText()).isEqualTo("https-pim.example.com-feeds-a-b");
  }

  @Test
  void an_event_in_binary_mode_is_a_job_whatever_its_data_is() {
    HttpRequest.Builder request = hub.request("/v1/jobs");
    Map.of(
            "ce-specversion", "1.0",
            "CE-Id", "b1",
            "ce-source", "/pim",
            "ce-type", "com.example.product.deleted",
            "ce-subject", "product/a%20b+%C3%A9",
            "ce-subscription", "acme")
        .forEach(request::header);
    request.header("Content-Type", "application/json");
    JsonNode job =
        job(
            accepted(
                    TestHub.send(
                        request.POST(BodyPublishers.ofString("{\"sku\": \"anything\"}")).build()))
                .get(0));
    assertThat(job.get("action").asText()).isEqualTo("delete");
    assertThat(job.get("objectType").asText()).isEqualTo("product");
    assertThat(job.get("objectIds")).isEqualTo(JSON.createArrayNode().add("a b+é"));
  }

  @Test
  void a_batch_is_taken_in_its_order_and_the_same_event_is_one_job() {
    ArrayNode batch = JSON.createArrayNode();
    for (int n = 1; n <= 3; n++) {
      batch.add(event("batch-" + n, "product.changed", String.valueOf(n)));
    }
    JsonNode first = accepted(send(BATCH, batch));
    assertThat(first).hasSize(3);
    for (int n = 1; n <= 3; n++) {
      assertThat(job(first.get(n - 1)).at("/objectIds/0").asText()).isEqualTo(String.valueOf(n));
    }
    assertThat(accepted(send(BATCH, batch)).findValuesAsText("id"))
        .isEqualTo(first.findValuesAsText("id"));
    // in any mode
    assertThat(accepted(send(STRUCTURED, batch.get(1))).findValuesAsText("id"))
        .containsExactly(first.get(1).get("id").asText());
  }

  @Test
  void what_is_not_a_job_is_told_by_its_place_and_nothing_is_taken() {
    ObjectNode other = event("w1", "product.seen", "1");
    other.remove("subject");
    ArrayNode batch =
        JSON.createArrayNode()
            .add(event("w0", "product.updated", "only-in-a-bad-batch"))
            .add(other);
    batch.add(event("w2", "product.updated", "2").put("specversion", "0.3"));
    batch.add("text");
    JsonNode errors = problem(send(BATCH, batch), "invalid-event").get("errors");
    assertThat(errors.findValuesAsText("pointer"))
        .containsExactly(
            "/1/subject",
            "/1/type",
            "/2/specversion",
            "/3/id",
            "/3/source",
            "/3/type",
            "/3/subject");
    assertThat(hub.json(hub.get("/v1/jobs?object=product/only-in-a-bad-batch")).get("jobs"))
        .isEmpty();
    JsonNode none = problem(send(BATCH, event("w3", "product.updated", "1")), "invalid-event");
    assertThat(none.at("/errors/0/detail").asText()).startsWith("must be an array");
    ObjectNode foreign = event("w4", "product.updated", "1");
    foreign.remove("subscription");
    assertThat(problem(send(STRUCTURED, foreign), "invalid-job").at("/errors/0/pointer").asText())
        .isEqualTo("/subscription");
  }

  @Test
  void a_header_that_is_not_encoded_is_refused() {
    HttpRequest.Builder request = hub.request("/v1/jobs").header("ce-specversion", "1.0");
    HttpResponse<String> answer =
        TestHub.send(request.header("ce-id", "%zz").POST(BodyPublishers.noBody()).build());
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(hub.json(answer).get("detail").asText()).startsWith("ce-id: ");
  }

  private static JsonNode problem(HttpResponse<String> answer, String type) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
    JsonNode problem = hub.json(answer);
    assertThat(problem.get("type").asText()).isEqualTo("urn:egression:problem:" + type);
    return problem;
  }
}
