package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several objects in one request: those of a job, and of the next ones of its run. */
class BatchFetchIT {
  private static StubServer metadata;
  private static StubServer channel;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    metadata = new StubServer(call -> Answer.of(200));
    channel = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .with("egression.metadata.batch", "3")
            .with("egression.metadata.max-body", "10000")
            .accounts("acme", TestHub.account("shop", channel, "include: {product: [brand]}"))
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
    channel.behave(call -> Answer.of(200));
    metadata.behave(call -> knowing(call, Set.of(), ""));
    channel.calls().clear();
    metadata.calls().clear();
  }

  @Test
  void a_job_s_objects_are_fetched_several_at_a_time() {
    hub.await(hub.submit(job("a", "b", "c", "d", "e/ü")).get(0), "delivered");
    assertThat(asked()).containsExactly("a,b,c", "d,e/ü");
    Call first = metadata.calls().get(0);
    assertThat(first.method()).isEqualTo("POST");
    assertThat(first.uri().toString()).isEqualTo("/product/query");
    assertThat(first.header("Content-Type")).isEqualTo("application/json");
    assertThat(first.body())
        .isEqualTo(
            "{\"ids\":[\"a\",\"b\",\"c\"],\"subscription\":\"acme\",\"channel\":\"shop\","
                + "\"include\":[\"brand\"]}");
    assertThat(delivered()).containsExactly("a=a", "b=b", "c=c", "d=d", "e/ü=e/ü");
  }

  @Test
  void the_next_jobs_of_a_run_are_fetched_with_the_first_in_order() {
    List<String> ids =
        hub.submit(
            List.of(
                    job("1"),
                    job("2").replace("update", "delete"),
                    job("3"),
                    job("4").replace("product", "brand"),
                    job("3"),
                    job("5"),
                    job("6"))
                .toString());
    ids.forEach(id -> hub.await(id, "delivered"));
    assertThat(asked()).as("no delete, no other type").containsExactly("1,3,5", "4", "6");
    assertThat(delivered()).containsExactly("1=1", "2=", "3=3", "4=4", "3=3", "5=5", "6=6");
  }

  @Test
  void what_was_fetched_ahead_is_fetched_again_when_it_has_waited() {
    CountDownLatch never = new CountDownLatch(1);
    channel.behave(
        call -> {
          if (call.objectId().equals("1")) {
            never.await(2200, TimeUnit.MILLISECONDS); // a slow channel
          }
          return Answer.of(200);
        });
    hub.submit(List.of(job("1"), job("2")).toString()).forEach(id -> hub.await(id, "delivered"));
    assertThat(asked()).containsExactly("1,2", "2");
  }

  @Test
  void an_object_that_is_missing_ends_its_own_job_only_and_not_before_its_turn() {
    metadata.behave(call -> knowing(call, Set.of("b", "later"), ""));
    List<String> ids = hub.submit(List.of(job("a", "b"), job("later"), job("last")).toString());
    assertThat(hub.await(ids.get(0), "dead").get("reason").asText())
        .isEqualTo("the Metadata API does not know b");
    assertThat(hub.await(ids.get(1), "dead").get("reason").asText())
        .isEqualTo("the Metadata API does not know later");
    hub.await(ids.get(2), "delivered");
    assertThat(asked()).containsExactly("a,b,later", "later,last");
    assertThat(delivered()).containsExactly("a=a", "last=last");
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 405, 413, 501})
  void an_api_that_cannot_do_it_is_asked_for_one_after_another(int status) {
    metadata.behave(
        call -> call.method().equals("POST") ? Answer.of(status) : knowing(call, Set.of(), ""));
    hub.await(hub.submit(job("a", "b")).get(0), "delivered");
    assertThat(asked()).containsExactly("a,b", "a", "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "{\"objects\":{}}", "{\"objects\":[{\"id\":\"x\"}]}"})
  void objects_that_an_answer_leaves_out_are_asked_for_one_after_another(String answer) {
    metadata.behave(
        call -> call.method().equals("POST") ? Answer.json(answer) : knowing(call, Set.of(), ""));
    hub.await(hub.submit(job("a", "b")).get(0), "delivered");
    assertThat(asked()).containsExactly("a,b", "a", "b");
  }

  @Test
  void objects_that_are_too_big_together_are_asked_for_one_after_another() {
    metadata.behave(call -> knowing(call, Set.of(), "x".repeat(6000)));
    hub.await(hub.submit(job("a", "b")).get(0), "delivered");
    assertThat(asked()).containsExactly("a,b", "a", "b");
  }

  @Test
  void a_body_that_is_no_object_ends_its_own_job_only() {
    metadata.behave(
        call ->
            Answer.json(
                "{\"objects\":[{\"id\":\"a\",\"body\":{}},{\"id\":\"b\",\"body\":[]},{\"id\":\"c\"}]}"));
    List<String> ids = hub.submit(List.of(job("a"), job("b"), job("c")).toString());
    hub.await(ids.get(0), "delivered");
    for (String bad : ids.subList(1, 3)) {
      assertThat(hub.await(bad, "dead").get("reason").asText()).endsWith("is not a JSON object");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"its answer for several objects is not JSON", "status 500"})
  void an_outage_delays_the_job_which_says_why(String reason) {
    metadata.behave(call -> reason.endsWith("500") ? Answer.of(500) : Answer.json("<html>"));
    String id = hub.submit(job("a", "b")).get(0);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(hub.job(id).at("/waitsFor/text").asText())
                    .contains("Metadata API: " + reason));
    metadata.behave(call -> knowing(call, Set.of(), ""));
    hub.await(id, "delivered");
  }

  // ---- helpers

  private static String job(String... ids) {
    String list = Stream.of(ids).collect(Collectors.joining("\",\"", "[\"", "\"]"));
    return TestHub.job("acme", "shop", "product", "?").replace("[\"?\"]", list);
  }

  /** A Metadata API that knows all objects but some; each has its id as its name. */
  private static Answer knowing(Call call, Set<String> unknown, String ballast) {
    if (call.method().equals("GET")) {
      String id = call.uri().getPath().replaceFirst("/[^/]*/", "");
      return unknown.contains(id) ? Answer.of(404) : Answer.json(body(id, ballast).toString());
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.putArray("objects");
    answer.putArray("missing");
    for (JsonNode each : call.json().get("ids")) {
      String id = each.asText();
      if (unknown.contains(id)) {
        answer.withArray("missing").add(id);
      } else {
        answer.withArray("objects").addObject().put("id", id).set("body", body(id, ballast));
      }
    }
    return Answer.json(answer.toString());
  }

  private static JsonNode body(String id, String ballast) {
    return JsonNodeFactory.instance.objectNode().put("name", id).put("ballast", ballast);
  }

  /** The ids of each request. */
  private static List<String> asked() {
    return metadata.calls().stream().map(BatchFetchIT::ids).toList();
  }

  private static String ids(Call call) {
    if (call.method().equals("GET")) {
      return call.uri().getPath().replaceFirst("/[^/]*/", "");
    }
    return Stream.of(call.json().get("ids"))
        .flatMap(ids -> ids.valueStream())
        .map(JsonNode::asText)
        .collect(Collectors.joining(","));
  }

  /** Each object that arrived, with its name. */
  private static List<String> delivered() {
    return channel.calls().stream()
        .flatMap(call -> call.json().get("objects").valueStream())
        .map(each -> each.get("id").asText() + "=" + each.at("/body/name").asText())
        .toList();
  }
}
