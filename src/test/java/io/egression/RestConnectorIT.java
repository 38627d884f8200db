package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RestConnectorIT {
  private static final String MAPPED =
      """
        mapped:
          connector: rest-connector
          parameters:
            url: "URL/api/"
            paths:
              product: /v1/products/{id}
              price.create: "/prices?for={ownId}"
            updateMethod: PATCH
            foreignId: .data.key
            body: "{sku: .id, key: .foreignId, title: .body.name}"
      """;

  private static final String PLAIN =
      """
        plain:
          connector: rest-connector
          parameters: {url: "URL", createMethod: PUT}
      """;

  private static StubServer metadata;
  private static StubServer shop;
  private static TestHub hub;

  @BeforeAll
  static void start() throws IOException {
    metadata = new StubServer(call -> Answer.json("{\"name\":\"Küche\"}"));
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .file("rest-connector.connector.yaml", impatient())
            .accounts(
                "acme",
                MAPPED.replace("URL", shop.url()).indent(0),
                PLAIN.replace("URL", shop.url()).indent(0))
            .start();
  }

  private static String impatient() throws IOException {
    return Files.readString(Path.of("connectors/rest-connector.connector.yaml"))
        + "timeouts: {total: 2s}\nretry: {first: 50ms}\n";
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
    metadata.close();
  }

  @BeforeEach
  void reset() {
    hub.execute("DELETE FROM object_mapping");
    shop.behave(call -> answer(call));
    shop.calls().clear();
  }

  private static Answer answer(Call call) {
    return call.method().equals("POST")
        ? new Answer(201, java.util.Map.of(), "{\"data\":{\"key\":\"k " + sku(call) + "\"}}")
        : Answer.json("{}");
  }

  private static String sku(Call call) {
    return call.json().get("sku").asText();
  }

  private static String deliver(String channel, String action, String... ids) {
    String job =
        TestHub.job("acme", channel, "product", "x", "\"action\":\"" + action + "\"")
            .replace("[\"x\"]", "[\"" + String.join("\",\"", ids) + "\"]");
    String id = hub.submit(job).get(0);
    hub.await(id, "delivered");
    return id;
  }

  private static Stream<String> requests() {
    return shop.calls().stream().map(call -> call.method() + " " + call.uri());
  }

  @Test
  void their_id_is_learnt_from_a_create_used_by_an_update_and_forgotten_by_a_delete() {
    deliver("mapped", "create", "a/1");
    assertThat(hub.text("SELECT foreign_id FROM object_mapping")).isEqualTo("k a/1");
    deliver("mapped", "update", "a/1");
    deliver("mapped", "delete", "a/1");
    assertThat(requests())
        .containsExactly(
            "POST /api/v1/products",
            "PATCH /api/v1/products/k%20a%2F1",
            "DELETE /api/v1/products/k%20a%2F1");
    assertThat(shop.calls().get(0).body())
        .isEqualTo("{\"sku\":\"a/1\",\"key\":null,\"title\":\"Küche\"}");
    assertThat(shop.calls().get(1).json().get("key").asText()).isEqualTo("k a/1");
    assertThat(shop.calls().get(2).body()).isEmpty();
    assertThat(hub.number("SELECT count(*) FROM object_mapping")).isZero();
  }

  @Test
  void what_is_known_is_updated_by_a_create_and_what_is_not_is_created_by_an_update() {
    deliver("mapped", "update", "1");
    deliver("mapped", "create", "1");
    assertThat(requests()).containsExactly("POST /api/v1/products", "PATCH /api/v1/products/k%201");
  }

  @Test
  void what_was_never_created_needs_no_delete() {
    deliver("mapped", "delete", "1");
    assertThat(shop.calls()).isEmpty();
  }

  @Test
  void a_type_may_have_a_template_for_one_action() {
    String job = TestHub.job("acme", "mapped", "price", "p&1", "\"action\":\"create\"");
    hub.await(hub.submit(job).get(0), "delivered");
    assertThat(requests()).containsExactly("POST /api/prices?for=p%261");
  }

  @Test
  void without_mapping_our_ids_are_theirs() {
    deliver("plain", "create", "1");
    deliver("plain", "update", "1");
    deliver("plain", "delete", "1");
    assertThat(requests()).containsExactly("PUT /product/1", "PUT /product/1", "DELETE /product/1");
    assertThat(shop.calls().get(0).body()).isEqualTo("{\"name\":\"Küche\"}");
  }

  @Test
  void a_delete_of_what_is_gone_is_delivered() {
    shop.behave(call -> Answer.of(404));
    deliver("plain", "delete", "1");
    assertThat(shop.calls()).hasSize(1);
  }

  @Test
  void of_several_objects_only_those_that_failed_are_sent_again_each_under_its_key() {
    Set<String> failing = ConcurrentHashMap.newKeySet();
    failing.add("/product/b");
    shop.behave(
        call ->
            failing.remove(call.uri().toString())
                ? Answer.of(503, "Retry-After", "0.2")
                : Answer.json("{}"));
    String job = deliver("plain", "update", "a", "b", "c");
    assertThat(requests())
        .containsExactly("PUT /product/a", "PUT /product/b", "PUT /product/b", "PUT /product/c");
    assertThat(shop.calls())
        .extracting(call -> call.header("Idempotency-Key"))
        .containsExactly(job + "/a", job + "/b", job + "/b", job + "/c");
    JsonNode first = hub.job(job).at("/attempts/0");
    assertThat(first.get("status").asInt()).isEqualTo(207);
    assertThat(first.get("detail").asText())
        .isEqualTo("{\"failed\":[{\"id\":\"b\",\"status\":503},{\"id\":\"c\"}]}");
  }

  @Test
  void of_several_objects_one_that_is_refused_does_not_keep_the_others() {
    shop.behave(call -> Answer.of(call.uri().toString().endsWith("b") ? 422 : 200));
    String job =
        hub.submit(
                TestHub.job("acme", "plain", "product", "x")
                    .replace("[\"x\"]", "[\"a\",\"b\",\"c\"]"))
            .get(0);
    JsonNode dead = hub.await(job, "dead");
    assertThat(dead.get("undelivered")).extracting(JsonNode::asText).containsExactly("b");
    assertThat(requests()).hasSize(3);
  }

  @Test
  void more_objects_than_there_is_time_for_are_each_sent_once() {
    shop.behave(
        call -> {
          assertThat(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS)).isFalse(); // slow
          return Answer.json("{}");
        });
    deliver("plain", "update", "a", "b", "c", "d", "e", "f", "g", "h");
    assertThat(requests()).hasSize(8).doesNotHaveDuplicates();
  }

  @Test
  void what_is_wrong_with_a_parameter_stops_the_start() {
    for (List<String> wrong :
        List.of(
            List.of("paths: {product: \"/p/{identifier}\"}", "unknown word {identifier}"),
            List.of("updateMethod: GET", "'GET' is not a method"),
            List.of("foreignId: \".data[\"", "not a jq expression"))) {
      TestHub other =
          TestHub.prepare()
              .metadata(metadata)
              .accounts(
                  "acme",
                  "  shop:\n    connector: rest-connector\n    parameters:\n      url: \"http://x\"\n"
                      + "      "
                      + wrong.get(0)
                      + "\n");
      org.assertj.core.api.Assertions.assertThatThrownBy(other::start)
          .hasMessageContaining(wrong.get(1))
          .hasMessageContaining("acme/shop");
      other.close();
    }
  }
}
