package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.builder.NotifyBuilder;
import org.apache.camel.dsl.yaml.YamlRoutesBuilderLoader;
import org.apache.camel.spi.RoutesBuilderLoader;
import org.apache.camel.support.PluginHelper;
import org.junit.jupiter.api.Test;

/** Each route of the delivery loop does what its file says. */
class RoutesIT extends RouteTestSupport {
  private static final String SUFFIX = ".camel.yaml";

  @Test
  void every_file_of_routes_is_loaded_by_camel_s_own_loader_under_its_name() throws Exception {
    assertThat(PluginHelper.getRoutesLoader(context).getRoutesLoader("yaml"))
        .isExactlyInstanceOf(YamlRoutesBuilderLoader.class);
    assertThat(context.getRegistry().findByType(RoutesBuilderLoader.class)).isEmpty();
    assertThat(files()).hasSizeGreaterThan(10).allMatch(this::isLoaded);
  }

  private boolean isLoaded(String name) {
    return context.getRoute(name) != null
        || context.getRouteTemplateDefinition(name) != null
        || context.getRouteConfigurationDefinition(name) != null
        // A rest has no name but its file's.
        || context.getRestDefinitions().stream()
            .anyMatch(rest -> rest.getResource().getLocation().endsWith("/" + name + SUFFIX));
  }

  private static List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("routes"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .toList();
    }
  }

  @Test
  void consume_is_one_route_for_each_connector_in_use() {
    assertThat(context.getRoutes())
        .filteredOn(route -> route.getId().startsWith("consume"))
        .extracting(Route::getId)
        .containsExactlyInAnyOrder("consume-http-connector", "consume-marketplace-connector");
    assertThat(context.getRoute("consume-marketplace-connector").getEndpoint().getEndpointUri())
        .contains("queue:egression.connector.marketplace-connector")
        .contains("maxConcurrentConsumers=64", "acknowledgementModeName=CLIENT_ACKNOWLEDGE");
  }

  @Test
  void consume_gives_a_run_to_deliver_and_a_letter_to_replay() {
    hub.await(submit("references", "1"), "delivered");
    assertThat(received("direct:deliver")).hasSize(1);
    Exchange run = received("direct:deliver").get(0);
    assertThat(run.getFromRouteId()).isEqualTo("consume-http-connector");
    assertThat(run.getMessage().getHeaders()).containsKeys("run", "lane");
    assertThat(received("direct:replay")).isEmpty();

    NotifyBuilder replayed = new NotifyBuilder(context).fromRoute("consume-*").whenDone(1).create();
    template.sendBodyAndHeaders(
        "jms:queue:egression.connector.http-connector",
        "a letter",
        Map.of("job", UUID.randomUUID().toString(), "death", 1));
    assertThat(replayed.matchesWaitTime()).isTrue();
    assertThat(received("direct:replay")).hasSize(1);
    assertThat(received("direct:deliver")).hasSize(1);
  }

  @Test
  void deliver_calls_a_run_s_jobs_in_order_records_each_and_hands_on_the_dead_one() {
    channel.behave(call -> Answer.of(call.objectId().equals("wrong") ? 422 : 200));
    String jobs =
        Stream.of("first", "wrong", "last")
            .map(object -> TestHub.job("acme", "references", "product", object))
            .toList()
            .toString();
    List<String> ids = hub.submit(jobs);
    hub.await(ids.get(2), "delivered");

    assertThat(received("direct:call")).hasSize(3);
    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactly("first", "wrong", "last");
    assertThat(hub.state(ids.get(0))).isEqualTo("delivered");
    assertThat(hub.state(ids.get(1))).isEqualTo("dead");
    assertThat(received("direct:dead-letter"))
        .extracting(letter -> letter.getProperty("dead"))
        .containsExactly(UUID.fromString(ids.get(1)));
    await()
        .until(() -> hub.number("SELECT count(*) FROM lane WHERE state <> 'idle'") == 0); // finish
  }

  @Test
  void deliver_does_nothing_for_a_message_whose_run_is_over() {
    hub.await(submit("references", "1"), "delivered");
    Map<String, Object> headers = new HashMap<>();
    Exchange before = received("direct:deliver").get(0);
    headers.put("run", before.getMessage().getHeader("run"));
    headers.put("lane", before.getMessage().getHeader("lane"));
    await().until(() -> hub.number("SELECT count(*) FROM lane WHERE state <> 'idle'") == 0);

    Exchange again =
        template.send("direct:deliver", e -> e.getMessage().setHeaders(new HashMap<>(headers)));
    assertThat(again.getException()).isNull();
    assertThat(received("direct:call")).hasSize(1);
    assertThat(channel.calls()).hasSize(1);
  }

  @Test
  void call_enriches_and_goes_to_the_account_s_kamelet_with_the_connector_s_message() {
    String id = submit("shop", "1");
    hub.await(id, "delivered");
    assertThat(received("direct:enrich")).hasSize(1);
    List<Exchange> sent = received("kamelet:http-connector");
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).getMessage().getHeaders())
        .containsOnlyKeys(
            "Idempotency-Key",
            "Egression-Job",
            "Egression-Attempt",
            "Egression-Subscription",
            "Egression-Channel",
            "Egression-Partition",
            "Egression-Place",
            "traceparent")
        .containsEntry("Idempotency-Key", id)
        .containsEntry("Egression-Channel", "shop");
    assertThat(channel.calls()).hasSize(1);
    assertThat(channel.calls().get(0).json().at("/objects/0/body/name").asText())
        .isEqualTo("Küche");

    hub.await(submit("market", "2"), "delivered");
    assertThat(received("kamelet:marketplace-connector")).hasSize(1);
    assertThat(received("kamelet:http-connector")).hasSize(1);
  }

  @Test
  void call_is_repeated_at_once_and_at_most_twice_only_if_the_connection_was_refused() {
    String refused = submit("gone", "1");
    assertThat(firstAttempt(refused).get("outcome").asText()).isEqualTo("retry");
    assertThat(callsOfFirstAttempt(refused)).isEqualTo(3);

    channel.behave(
        call -> {
          throw new IOException("the connection is closed without an answer");
        });
    String dropped = submit("references", "1");
    assertThat(firstAttempt(dropped).get("outcome").asText()).isEqualTo("retry");
    assertThat(callsOfFirstAttempt(dropped)).isEqualTo(1);
  }

  private JsonNode firstAttempt(String id) {
    return await().until(() -> hub.job(id).at("/attempts/0"), attempt -> !attempt.isMissingNode());
  }

  private long callsOfFirstAttempt(String id) {
    return received("kamelet:http-connector").stream()
        .map(Exchange::getMessage)
        .filter(message -> id.equals(message.getHeader("Egression-Job")))
        .filter(message -> message.getHeader("Egression-Attempt", Integer.class) == 1)
        .count();
  }

  @Test
  void call_throttles_a_limited_connector_and_does_not_count_it_against_the_job() {
    List<String> ids =
        hub.submit(
            Stream.of("1", "2", "3")
                .map(object -> TestHub.job("acme", "market", "product", object))
                .toList()
                .toString());
    ids.forEach(id -> assertThat(hub.await(id, "delivered").get("attempts")).hasSize(1));
    assertThat(received("kamelet:marketplace-connector")).hasSize(3);
    assertThat(ids.stream().mapToInt(id -> hub.job(id).get("limits").asInt()).sum())
        .as("those that were over the limit came back for their turn")
        .isEqualTo(received("direct:call").size() - 3)
        .isPositive();
  }

  @Test
  void enrich_fetches_the_objects_one_by_one_and_none_for_a_delete() {
    String two = TestHub.job("acme", "shop", "product", "a").replace("[\"a\"]", "[\"a\",\"b/ü\"]");
    hub.await(hub.submit(two).get(0), "delivered");
    assertThat(received("direct:metadata")).hasSize(2);
    assertThat(received("direct:metadata").get(1).getMessage().getHeaders())
        .containsOnlyKeys(
            "Accept", "traceparent", "CamelHttpMethod", "CamelHttpUri", "CamelHttpQuery");
    assertThat(metadata.calls())
        .extracting(call -> call.uri().toString())
        .containsExactly(
            "/product/a?subscription=acme&channel=shop",
            "/product/b%2F%C3%BC?subscription=acme&channel=shop");
    assertThat(channel.calls().get(0).json().get("objects")).hasSize(2);

    String delete = TestHub.job("acme", "shop", "product", "a", "\"action\":\"delete\"");
    hub.await(hub.submit(delete).get(0), "delivered");
    assertThat(received("direct:enrich")).hasSize(2);
    assertThat(received("direct:metadata")).hasSize(2);
  }

  @Test
  void metadata_is_one_request_whose_failure_is_an_answer_and_which_follows_no_redirect() {
    for (Answer answer :
        List.of(Answer.of(503), Answer.of(302, "Location", metadata.url() + "/elsewhere"))) {
      metadata.calls().clear();
      metadata.behave(call -> answer);
      Exchange asked =
          template.send(
              "direct:metadata",
              exchange -> exchange.getMessage().setHeader(Exchange.HTTP_PATH, "/product/1"));
      assertThat(asked.getException()).isNull();
      assertThat(asked.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE))
          .isEqualTo(answer.status());
      assertThat(metadata.calls()).hasSize(1);
    }
  }
}
