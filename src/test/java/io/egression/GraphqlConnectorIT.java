package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GraphqlConnectorIT {
  private static final String ACCOUNT =
      """
        shop:
          connector: graphql-connector
          partitionBy: object
          parameters:
            url: "URL/graphql"
            create: >-
              mutation($input: ProductInput!) {
              productCreate(input: $input) { userErrors { message } }
              }
            update: "mutation($id: ID!, $input: ProductInput!) { productUpdate(id: $id, input: $input) { id } }"
            delete: "mutation($id: ID!) { productDelete(id: $id) { id } }"
            variables: "{id: .objects[0].id, input: .objects[0].body}"
      """;

  private static StubServer metadata;
  private static StubServer shop;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    metadata = new StubServer(call -> Answer.json("{\"name\":\"Küche\"}"));
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .accounts("acme", ACCOUNT.replace("URL", shop.url()).indent(0))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
    metadata.close();
  }

  @BeforeEach
  void reset() {
    shop.behave(call -> Answer.json("{\"data\":{}}"));
    shop.calls().clear();
  }

  private static String submit(String action, String id) {
    return hub.submit(TestHub.job("acme", "shop", "product", id, "\"action\":\"" + action + "\""))
        .get(0);
  }

  private static Answer errors(String code) {
    return Answer.json("{\"errors\":[{\"extensions\":{\"code\":\"" + code + "\"}}],\"data\":null}");
  }

  @Test
  void the_action_chooses_the_text_and_the_delivery_makes_the_variables() {
    hub.await(submit("create", "1"), "delivered");
    hub.await(submit("update", "2"), "delivered");
    hub.await(submit("delete", "3"), "delivered");
    assertThat(shop.calls())
        .extracting(call -> call.json().get("query").asText().replaceAll("\\(.*", ""))
        .containsExactly("mutation", "mutation", "mutation");
    assertThat(shop.calls())
        .extracting(
            call -> call.json().get("query").asText().replaceAll(".*(product[A-Z]\\w+).*", "$1"))
        .containsExactly("productCreate", "productUpdate", "productDelete");
    assertThat(shop.calls())
        .extracting(call -> call.json().get("variables").toString())
        .containsExactly(
            "{\"id\":\"1\",\"input\":{\"name\":\"Küche\"}}",
            "{\"id\":\"2\",\"input\":{\"name\":\"Küche\"}}",
            "{\"id\":\"3\",\"input\":null}");
    assertThat(shop.calls().get(0).header("Content-Type")).isEqualTo("application/json");
  }

  @Test
  void an_error_in_a_200_is_a_refusal() {
    shop.behave(call -> errors("BAD_USER_INPUT"));
    hub.await(submit("update", "e"), "dead");
    shop.behave(
        call ->
            Answer.json("{\"data\":{\"productCreate\":{\"userErrors\":[{\"message\":\"!\"}]}}}"));
    hub.await(submit("create", "u"), "dead");
    assertThat(shop.calls()).hasSize(2);
  }

  @Test
  void a_throttled_request_is_made_again_and_not_held_against_the_job() {
    shop.behave(
        call -> shop.calls().size() == 1 ? errors("THROTTLED") : Answer.json("{\"data\":{}}"));
    JsonNode job = hub.await(submit("update", "t"), "delivered");
    assertThat(job.get("throttles").asInt()).isEqualTo(1);
  }

  @Test
  void what_the_server_did_wrong_is_tried_again() {
    shop.behave(
        call ->
            shop.calls().size() == 1
                ? errors("INTERNAL_SERVER_ERROR")
                : Answer.json("{\"data\":{}}"));
    assertThat(hub.await(submit("update", "i"), "delivered").get("attempts")).hasSize(2);
  }

  @Test
  void wrong_credentials_pause_the_account() {
    shop.behave(call -> errors("UNAUTHENTICATED"));
    String job = submit("update", "p");
    await()
        .untilAsserted(
            () -> assertThat(hub.job(job).at("/waitsFor/kind").asText()).isEqualTo("paused"));
    reset();
    hub.post("/v1/accounts/acme/shop/resume", "");
    hub.await(job, "delivered");
  }
}
