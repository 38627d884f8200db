package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of an object is fetched, by which route, and what need not be fetched again. */
class EnrichmentIT {
  private static StubServer metadata;
  private static StubServer channel;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    metadata = new StubServer(call -> Answer.of(200));
    channel = new StubServer(call -> Answer.of(200));
    Path routes =
        TestHub.routesWith("metadata", shipped -> shipped + "\n# beside one of its own\n");
    TestHub.write(
        routes.resolve("metadata-envelope.camel.yaml"),
        """
        # The API wraps these: only what is inside is delivered.
        - route:
            id: metadata-envelope
            routeConfigurationId: to-caller
            from:
              uri: direct:metadata-envelope
              steps:
                - to: direct:metadata
                - filter:
                    expression:
                      simple: ${header.CamelHttpResponseCode} == 200
                    steps:
                      - setBody:
                          expression:
                            jq:
                              expression: .data
        """);
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .with("egression.routes.dir", routes.toString())
            .with("egression.metadata.cache", "1000000")
            .accounts(
                "acme",
                TestHub.account("shop", channel),
                TestHub.account("other", channel, "include: {order: [customer, shipping.address]}"))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    channel.close();
    metadata.close();
  }

  @BeforeEach
  void reset() {
    metadata.behave(call -> Answer.json("{}"));
    channel.calls().clear();
    metadata.calls().clear();
  }

  // ---- related objects

  @Test
  void an_account_s_related_objects_are_asked_for_with_those_of_their_type() {
    deliver("other", "order", "17");
    deliver("other", "product", "17");
    deliver("shop", "order", "17");
    assertThat(metadata.calls())
        .extracting(call -> call.uri().toString())
        .containsExactly(
            "/order/17?subscription=acme&channel=other&include=customer,shipping.address",
            "/product/17?subscription=acme&channel=other",
            "/order/17?subscription=acme&channel=shop");
  }

  // ---- what need not be fetched again

  @Test
  void an_answer_with_an_etag_is_asked_for_again_by_it() {
    metadata.behave(
        call ->
            "\"v1\"".equals(call.header("If-None-Match"))
                ? new Answer(304, Map.of(), "")
                : new Answer(200, Map.of("ETag", "\"v1\""), "{\"name\":\"first\"}"));
    deliver("shop", "product", "tagged");
    deliver("shop", "product", "tagged");
    assertThat(metadata.calls())
        .extracting(call -> call.header("If-None-Match"))
        .containsExactly(null, "\"v1\"");

    metadata.behave(call -> new Answer(200, Map.of("ETag", "W/\"v2\""), "{\"name\":\"second\"}"));
    deliver("shop", "product", "tagged");
    deliver("other", "product", "tagged");
    assertThat(channel.calls())
        .extracting(call -> call.json().at("/objects/0/body/name").asText())
        .containsExactly("first", "first", "second", "second");
    assertThat(metadata.calls().get(3).header("If-None-Match"))
        .as("another account's answer is another answer")
        .isNull();

    metadata.behave(call -> Answer.of(404));
    hub.await(submit("shop", "product", "tagged"), "dead");
    deliverAs("{}", "shop", "product", "tagged");
    assertThat(metadata.calls().get(5).header("If-None-Match")).as("it was gone").isNull();
  }

  @Test
  void an_outage_is_not_bridged_by_what_was_kept() {
    metadata.behave(call -> new Answer(200, Map.of("ETag", "\"v1\""), "{}"));
    deliver("shop", "product", "kept");
    metadata.behave(call -> Answer.of(500));
    String id = submit("shop", "product", "kept");
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(hub.job(id).at("/waitsFor/text").asText())
                    .contains("Metadata API: status 500"));
    assertThat(channel.calls()).hasSize(1);
    metadata.behave(call -> Answer.json("{}"));
    hub.await(id, "delivered");
  }

  @Test
  void an_answer_is_used_without_asking_for_as_long_as_it_says_and_no_longer() {
    metadata.behave(call -> new Answer(200, Map.of("Cache-Control", "max-age=3"), "{}"));
    deliver("shop", "product", "fresh");
    long answered = System.nanoTime();
    deliver("shop", "product", "fresh");
    assertThat(metadata.calls()).hasSize(1);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              deliver("shop", "product", "fresh");
              return metadata.calls().size() > 1;
            });
    assertThat(Duration.ofNanos(System.nanoTime() - answered)).isGreaterThan(Duration.ofSeconds(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-store, max-age=60", "max-age=0", "max-age=soon"})
  void an_answer_that_is_not_to_be_kept_is_asked_for_again(String control) {
    metadata.behave(call -> new Answer(200, Map.of("Cache-Control", control, "Age", "0"), "{}"));
    deliver("shop", "product", "unkept");
    deliver("shop", "product", "unkept");
    assertThat(metadata.calls()).hasSize(2).allMatch(call -> call.header("If-None-Match") == null);
  }

  @Test
  void what_is_kept_is_bounded_in_bytes() {
    String body = "{\"name\":\"" + "x".repeat(300_000) + "\"}";
    metadata.behave(call -> new Answer(200, Map.of("Cache-Control", "max-age=600"), body));
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 5; i++) {
        deliver("shop", "product", "big-" + i);
      }
    }
    assertThat(metadata.calls()).as("3 of 5 fit").hasSizeBetween(7, 10);
  }

  // ---- a route of its own

  @Test
  void an_object_type_with_a_route_of_its_own_is_fetched_by_it() {
    metadata.behave(call -> Answer.json("{\"data\":{\"name\":\"inside\"}}"));
    deliver("shop", "envelope", "1");
    deliver("shop", "product", "1");
    assertThat(channel.calls())
        .extracting(call -> call.json().at("/objects/0/body").toString())
        .containsExactly("{\"name\":\"inside\"}", "{\"data\":{\"name\":\"inside\"}}");

    metadata.behave(call -> Answer.of(404));
    hub.await(submit("shop", "envelope", "gone"), "dead");
    metadata.behave(call -> Answer.json("{\"data\":[]}"));
    assertThat(hub.await(submit("shop", "envelope", "2"), "dead").get("reason").asText())
        .endsWith("is not a JSON object");
  }

  // ---- helpers

  private static String submit(String account, String type, String id) {
    return hub.submit(TestHub.job("acme", account, type, id)).get(0);
  }

  private static void deliver(String account, String type, String id) {
    hub.await(submit(account, type, id), "delivered");
  }

  private static void deliverAs(String body, String account, String type, String id) {
    metadata.behave(call -> Answer.json(body));
    deliver(account, type, id);
  }
}
