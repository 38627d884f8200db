package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeliveryIT {
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
            .accounts(
                "acme",
                TestHub.account("sequential", channel),
                TestHub.account("by-object", channel, "partitionBy: object"),
                TestHub.account("by-type", channel, "partitionBy: objectType"),
                TestHub.account("references", channel, "payload: reference"))
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
    metadata.behave(call -> Answer.json("{\"name\":\"Küche\"}"));
    channel.calls().clear();
    metadata.calls().clear();
  }

  @Test
  void a_job_arrives_with_its_object_and_the_contract_s_headers() {
    String id = hub.submit(TestHub.job("acme", "sequential", "product", "A 12/34 ü")).get(0);
    hub.await(id, "delivered");

    assertThat(metadata.calls()).hasSize(1);
    assertThat(metadata.calls().get(0).uri().toString())
        .isEqualTo("/product/A%2012%2F34%20%C3%BC?subscription=acme&channel=sequential");
    StubServer.Call call = channel.calls().get(0);
    assertThat(call.method()).isEqualTo("POST");
    assertThat(call.uri().toString()).isEqualTo("/");
    assertThat(call.header("Content-Type")).isEqualTo("application/json");
    assertThat(call.header("Idempotency-Key")).isEqualTo(id);
    assertThat(call.header("Egression-Job")).isEqualTo(id);
    assertThat(call.header("Egression-Attempt")).isEqualTo("1");
    assertThat(call.header("Egression-Subscription")).isEqualTo("acme");
    assertThat(call.header("Egression-Channel")).isEqualTo("sequential");
    assertThat(call.header("Egression-Partition")).isEqualTo("%2A");
    assertThat(Long.parseLong(call.header("Egression-Place"))).isPositive();
    assertThat(call.header("traceparent"))
        .matches("00-" + id.replace("-", "") + "-[0-9a-f]{16}-01");
    JsonNode json = call.json();
    assertThat(json.get("job").asText()).isEqualTo(id);
    assertThat(json.get("attempt").asInt()).isEqualTo(1);
    assertThat(json.get("action").asText()).isEqualTo("update");
    assertThat(json.get("objectType").asText()).isEqualTo("product");
    assertThat(json.get("objects").get(0).get("id").asText()).isEqualTo("A 12/34 ü");
    assertThat(json.get("objects").get(0).get("body").get("name").asText()).isEqualTo("Küche");
    assertThat(call.headers().keySet()).noneMatch(name -> name.toLowerCase().startsWith("jms"));
  }

  @Test
  void references_and_deletes_need_no_metadata() {
    String reference = hub.submit(TestHub.job("acme", "references", "product", "1")).get(0);
    String delete =
        hub.submit(TestHub.job("acme", "sequential", "product", "1", "\"action\":\"delete\""))
            .get(0);
    hub.await(reference, "delivered");
    hub.await(delete, "delivered");
    assertThat(metadata.calls()).isEmpty();
    assertThat(channel.calls()).allMatch(call -> !call.json().get("objects").get(0).has("body"));
  }

  @Test
  void a_retried_job_is_never_overtaken_by_its_key_and_tells_its_story() {
    Map<String, Integer> tries = new ConcurrentHashMap<>();
    channel.behave(
        call ->
            call.objectId().equals("first") && tries.merge("first", 1, Integer::sum) < 3
                ? Answer.of(503, "Retry-After", "0.2")
                : Answer.of(200));
    List<String> ids =
        hub.submit(
            "["
                + TestHub.job("acme", "sequential", "product", "first")
                + ","
                + TestHub.job("acme", "sequential", "product", "second")
                + "]");
    hub.await(ids.get(1), "delivered");

    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactly("first", "first", "first", "second");
    assertThat(channel.calls().subList(0, 3))
        .extracting(call -> call.header("Idempotency-Key"))
        .containsOnly(ids.get(0));
    JsonNode story = hub.job(ids.get(0));
    assertThat(story.get("attempts")).hasSize(3);
    assertThat(story.get("attempts").get(0).get("status").asInt()).isEqualTo(503);
    assertThat(story.get("attempts").get(0).has("nextAt")).isTrue();
    assertThat(story.get("timeline"))
        .extracting(entry -> entry.get("what").asText())
        .containsExactly(
            "accepted",
            "attempt 1: retry",
            "attempt 2: retry",
            "attempt 3: delivered",
            "delivered");
  }

  @Test
  void a_key_that_retries_does_not_delay_another_key() {
    channel.behave(
        call ->
            call.objectId().equals("bad") ? Answer.of(503, "Retry-After", "30") : Answer.of(200));
    String bad = hub.submit(TestHub.job("acme", "by-object", "product", "bad")).get(0);
    List<String> good =
        IntStream.range(0, 20)
            .mapToObj(
                n -> hub.submit(TestHub.job("acme", "by-object", "product", "good" + n)).get(0))
            .toList();
    good.forEach(id -> hub.await(id, "delivered"));
    JsonNode waiting = hub.job(bad);
    assertThat(waiting.get("state").asText()).isEqualTo("waiting");
    assertThat(waiting.get("waitsFor").get("kind").asText()).isEqualTo("retry");
    assertThat(waiting.get("waitsFor").get("text").asText()).contains("503");
    assertThat(waiting.get("waitsFor").has("until")).isTrue();
  }

  @Test
  void a_rejected_job_is_dead_at_once_and_its_key_goes_on() {
    channel.behave(call -> Answer.of(call.objectId().equals("wrong") ? 422 : 200));
    String wrong = hub.submit(TestHub.job("acme", "sequential", "product", "wrong")).get(0);
    String next = hub.submit(TestHub.job("acme", "sequential", "product", "next")).get(0);
    hub.await(next, "delivered");
    JsonNode dead = hub.await(wrong, "dead");
    assertThat(dead.get("reason").asText()).isEqualTo("status 422");
    assertThat(dead.get("attempts")).hasSize(1);
  }

  @Test
  void an_unknown_object_is_dead_unless_its_delete_is_open() {
    metadata.behave(call -> Answer.of(404));
    String gone = hub.submit(TestHub.job("acme", "sequential", "product", "gone")).get(0);
    assertThat(hub.await(gone, "dead").get("reason").asText())
        .isEqualTo("the Metadata API does not know gone");

    List<String> both =
        hub.submit(
            "["
                + TestHub.job("acme", "sequential", "product", "deleted")
                + ","
                + TestHub.job("acme", "sequential", "product", "deleted", "\"action\":\"delete\"")
                + "]");
    hub.await(both.get(1), "delivered");
    assertThat(hub.await(both.get(0), "superseded").get("reason").asText()).contains(both.get(1));
    assertThat(channel.calls()).hasSize(1);
  }

  @Test
  void the_metadata_api_s_outage_delays_jobs_and_does_not_count_against_them() {
    Map<String, Integer> tries = new ConcurrentHashMap<>();
    metadata.behave(
        call -> tries.merge("x", 1, Integer::sum) < 3 ? Answer.of(500) : Answer.json("{}"));
    String id = hub.submit(TestHub.job("acme", "sequential", "product", "1")).get(0);
    JsonNode job = hub.await(id, "delivered");
    assertThat(job.get("attempts")).hasSize(1);
  }

  @Test
  void a_job_that_is_not_due_waits_until_it_is() {
    String later =
        hub.submit(
                TestHub.job(
                    "acme",
                    "sequential",
                    "product",
                    "later",
                    "\"notBefore\":\"" + java.time.Instant.now().plusSeconds(2) + "\""))
            .get(0);
    String now = hub.submit(TestHub.job("acme", "sequential", "product", "now")).get(0);
    assertThat(hub.job(later).get("state").asText()).isEqualTo("scheduled");
    assertThat(hub.job(later).get("waitsFor").get("kind").asText()).isEqualTo("schedule");
    hub.await(now, "delivered");
    hub.await(later, "delivered");
    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactly("now", "later");
  }

  @Test
  void a_submission_without_channel_fans_out_and_objects_split() {
    List<String> ids =
        hub.submit(
            "{\"subscription\":\"acme\",\"source\":\"test\",\"action\":\"create\","
                + "\"objectType\":\"product\",\"objectIds\":[\"a\",\"b\"]}");
    assertThat(ids).hasSize(5); // by-object: one per id; the others: one each
    ids.forEach(id -> hub.await(id, "delivered"));
    assertThat(hub.job(ids.get(0)).get("partitionKey").asText()).isEqualTo("product/a");
  }

  @Test
  void a_metadata_api_that_refuses_connections_delays_the_job_which_can_be_cancelled() {
    StubServer gone = new StubServer(call -> Answer.of(200));
    gone.close();
    try (TestHub other =
        TestHub.prepare()
            .metadata(gone)
            .accounts("acme", TestHub.account("shop", channel))
            .start()) {
      String id = other.submit(TestHub.job("acme", "shop", "product", "1")).get(0);
      org.awaitility.Awaitility.await()
          .untilAsserted(
              () ->
                  assertThat(other.job(id).path("waitsFor").path("text").asText())
                      .contains("Metadata API: no answer: connect"));
      assertThat(other.job(id).get("attempts")).isEmpty();
      other.post("/v1/jobs/" + id + "/cancel", "");
      other.await(id, "cancelled");
    }
  }
}
