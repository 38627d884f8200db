package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Filter predicates of a running hub; what they say of an object is FiltersTest's. */
class FilterIT {
  private static final Map<String, String> BODIES = new ConcurrentHashMap<>();
  private static final String FILTER =
      """
      # yaml-language-server: $schema=../schemas/filter.schema.json
      version: %d
      description: only what is for sale
      match:
        all:
          - jq: .body.status == "active"
          - jq: %s
      """;

  private static StubServer shop;
  private static StubServer metadata;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    shop = new StubServer(call -> Answer.of(200));
    metadata =
        new StubServer(
            call -> {
              String path = call.uri().getPath();
              return Answer.json(BODIES.get(path.substring(path.lastIndexOf('/') + 1)));
            });
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .file("filters/sellable.yaml", FILTER.formatted(1, ".body.price / 1 > 0"))
            .accounts(
                "acme",
                TestHub.account("shop", shop, "filters: [sellable]", "partitionBy: objectType"),
                TestHub.account("strict", shop, "filters: [sellable]", "unmatched: delete"),
                TestHub.account("all", shop))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
    metadata.close();
  }

  private static String submit(String channel, String action, String... ids) {
    String body =
        "{\"subscription\":\"acme\",\"source\":\"erp\",\"channel\":\"%s\",\"action\":\"%s\",\"objectType\":\"product\",\"objectIds\":[\"%s\"]}"
            .formatted(channel, action, String.join("\",\"", ids));
    return hub.submit(body).get(0);
  }

  private static List<JsonNode> calls(String job) {
    return shop.calls().stream()
        .map(StubServer.Call::json)
        .filter(call -> call.get("job").asText().equals(job))
        .toList();
  }

  @Test
  void what_does_not_match_is_filtered_and_says_by_what() {
    BODIES.put("out", "{\"status\":\"draft\",\"price\":3}");
    String job = submit("shop", "update", "out");
    JsonNode filtered = hub.await(job, "filtered");
    assertThat(filtered.get("reason").asText())
        .isEqualTo("filter sellable version 1: does not match jq '.body.status == \"active\"'");
    JsonNode decision = filtered.get("filters");
    assertThat(decision.get("verdict").asText()).isEqualTo("filtered");
    assertThat(decision.at("/filters/0/filter").asText()).isEqualTo("sellable");
    assertThat(decision.at("/filters/0/version").asInt()).isEqualTo(1);
    assertThat(decision.at("/filters/0/hash").asText()).hasSize(64);
    assertThat(decision.at("/filters/0/out").has("out")).isTrue();
    assertThat(filtered.get("attempts")).isEmpty();
    assertThat(calls(job)).isEmpty();
  }

  @Test
  void what_matches_is_delivered_and_a_delete_always() {
    BODIES.put("in", "{\"status\":\"active\",\"price\":3}");
    String job = submit("shop", "create", "in");
    assertThat(hub.await(job, "delivered").at("/filters/verdict").asText()).isEqualTo("deliver");
    hub.await(submit("shop", "delete", "out"), "delivered");
  }

  @Test
  void of_several_objects_those_that_match_are_delivered() {
    BODIES.put("a", "{\"status\":\"active\",\"price\":3}");
    BODIES.put("b", "{\"status\":\"draft\",\"price\":3}");
    String job = submit("shop", "update", "a", "b");
    JsonNode delivered = hub.await(job, "delivered");
    assertThat(delivered.at("/filters/filters/0/out").has("b")).isTrue();
    assertThat(calls(job))
        .singleElement()
        .extracting(call -> call.get("objects").size())
        .isEqualTo(1);
  }

  @Test
  void a_filter_that_fails_kills_the_job_and_its_key_goes_on() {
    BODIES.put("odd", "{\"status\":\"active\",\"price\":[1]}");
    BODIES.put("next", "{\"status\":\"active\",\"price\":3}");
    String job = submit("shop", "update", "odd");
    String next = submit("shop", "update", "next");
    JsonNode dead = hub.await(job, "dead");
    assertThat(dead.get("reason").asText())
        .startsWith("filter sellable version 1: jq '.body.price / 1 > 0' failed on product/odd: ");
    assertThat(dead.get("attempts")).isEmpty();
    hub.await(next, "delivered");
  }

  @Test
  void what_was_delivered_and_matches_no_more_is_deleted_once_if_the_account_wants_it() {
    BODIES.put("gone", "{\"status\":\"draft\",\"price\":3}");
    hub.await(submit("strict", "update", "gone"), "filtered");
    BODIES.put("gone", "{\"status\":\"active\",\"price\":3}");
    hub.await(submit("strict", "update", "gone"), "delivered");
    BODIES.put("gone", "{\"status\":\"draft\",\"price\":3}");
    String job = submit("strict", "update", "gone");
    JsonNode delivered = hub.await(job, "delivered");
    assertThat(delivered.at("/filters/verdict").asText()).isEqualTo("delete");
    assertThat(calls(job))
        .singleElement()
        .satisfies(
            call -> {
              assertThat(call.get("action").asText()).isEqualTo("delete");
              assertThat(call.at("/objects/0").has("body")).isFalse();
            });
    hub.await(submit("strict", "update", "gone"), "filtered");
  }

  @Test
  void what_a_filter_left_out_of_a_delivered_job_is_not_taken_as_delivered() {
    BODIES.put("some", "{\"status\":\"active\",\"price\":3}");
    BODIES.put("never", "{\"status\":\"draft\",\"price\":3}");
    hub.await(submit("strict", "update", "some", "never"), "delivered");
    hub.await(submit("strict", "update", "never"), "filtered");
    BODIES.put("some", "{\"status\":\"draft\",\"price\":3}");
    BODIES.put("other", "{\"status\":\"active\",\"price\":3}");
    hub.await(submit("strict", "update", "some", "other"), "delivered");
    String job = submit("strict", "update", "some");
    assertThat(hub.await(job, "delivered").at("/filters/verdict").asText()).isEqualTo("delete");
  }

  @Test
  void a_dry_run_tells_what_would_be_delivered_to_whom_and_records_nothing() {
    BODIES.put("dry", "{\"status\":\"draft\",\"price\":3}");
    long before = hub.number("SELECT count(*) FROM filter_decision");
    JsonNode run = hub.json(hub.get("/v1/objects/product/dry/dry-run?action=update"));
    assertThat(run.get("channels"))
        .extracting(each -> each.get("channel").asText() + " " + each.get("verdict").asText())
        .containsExactly("all deliver", "shop filtered", "strict filtered");
    JsonNode one = hub.json(hub.get("/v1/objects/product/dry/dry-run?filter=sellable"));
    assertThat(one.get("channels")).hasSize(2);
    assertThat(hub.get("/v1/objects/product/dry/dry-run?filter=selable").body())
        .contains("did you mean 'sellable'?");
    assertThat(hub.number("SELECT count(*) FROM filter_decision")).isEqualTo(before);
    assertThat(shop.calls()).noneMatch(call -> call.objectId().equals("dry"));
  }

  @Test
  void filters_are_listed_with_their_versions() {
    JsonNode filter = hub.json(hub.get("/v1/filters")).at("/filters/0");
    assertThat(filter.get("version").asInt()).isEqualTo(1);
    assertThat(filter.get("accounts"))
        .extracting(JsonNode::asText)
        .containsExactly("acme/shop", "acme/strict");
    assertThat(filter.at("/versions/0/content/match/all")).hasSize(2);
  }

  @Test
  void a_version_is_never_changed_and_old_ones_stay_readable() {
    try (TestHub changed =
        hub.anotherNodeWithItsOwnConnectors()
            .file("filters/sellable.yaml", FILTER.formatted(1, "'true'"))) {
      assertThatThrownBy(changed::start)
          .hasMessageContaining("filters/sellable.yaml:1:1: version 1 was in force since")
          .hasMessageContaining("give the new one a higher version");
    }
  }
}
