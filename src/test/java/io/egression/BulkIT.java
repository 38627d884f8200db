package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several jobs in one call: what goes together, and what becomes of each. */
class BulkIT {
  private static final String RETRY =
      "retry: {first: 50ms, factor: 1, most: 100ms, attempts: 50}\n";

  private static final String OUTCOMES =
      """
      outcomes:
        - {status: 207, outcome: retry, failed: '.retry[]'}
        - {status: 207, outcome: rejected, failed: '.rejected[]'}
      """;

  private static StubServer channel;
  private static StubServer metadata;
  private static TestHub hub;

  @BeforeAll
  static void start() throws IOException {
    channel = new StubServer(call -> Answer.of(200));
    metadata = new StubServer(call -> Answer.of(404));
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .file("http-connector.connector.yaml", RETRY + "bulk: {objects: 10}\n" + OUTCOMES)
            .file(
                "rest-connector.connector.yaml",
                RETRY + "bulk: {objects: 100}\n" + shippedOutcomes("rest-connector"))
            .file("bulk-connector.connector.yaml", "bulk: {objects: 3, linger: 3s}\n")
            .file(
                "endpoint-connector.connector.yaml",
                "bulk: {objects: 5}\nlimits: [{name: day, kind: window, permits: 7, per: 1d, cost: objects}]\n")
            .accounts(
                "acme",
                TestHub.account("shop", channel, "payload: reference"),
                TestHub.account("full", channel),
                TestHub.account("holds", channel, "payload: reference", "onDead: hold"),
                TestHub.account("types", channel, "payload: reference", "partitionBy: objectType"),
                TestHub.account("lingers", channel, "payload: reference")
                    .replace("http-connector", "bulk-connector"),
                TestHub.account("rest", channel, "payload: reference")
                    .replace("http-connector", "rest-connector"),
                TestHub.account("limited", channel, "payload: reference")
                    .replace("http-connector", "endpoint-connector")
                    .replace("url:", "uri:"))
            .start();
  }

  private static String shippedOutcomes(String connector) throws IOException {
    String shipped =
        java.nio.file.Files.readString(
            java.nio.file.Path.of("connectors", connector + ".connector.yaml"));
    return shipped.substring(shipped.indexOf("outcomes:"));
  }

  @AfterAll
  static void stop() {
    hub.close();
    channel.close();
    metadata.close();
  }

  @BeforeEach
  void reset() {
    channel.calls().clear();
    channel.behave(call -> Answer.of(200));
    metadata.behave(call -> Answer.of(404));
  }

  private static String update(String channel, String id) {
    return TestHub.job("acme", channel, "product", id);
  }

  private static String delete(String channel, String id) {
    return TestHub.job("acme", channel, "product", id, "\"action\":\"delete\"");
  }

  /** In one transaction, so that one run takes them all. */
  private static List<String> submit(String... jobs) {
    return hub.submit("[" + String.join(",", jobs) + "]");
  }

  private static List<String> ids(JsonNode objects, String member) {
    return StreamSupport.stream(objects.spliterator(), false)
        .map(object -> object.get(member).asText())
        .toList();
  }

  private static List<String> objects(Call call) {
    return ids(call.json().get("objects"), "id");
  }

  private static List<List<String>> arrived() {
    return channel.calls().stream().map(BulkIT::objects).toList();
  }

  private static Answer partly(List<String> retry, List<String> rejected) {
    Function<List<String>, String> list =
        ids -> ids.stream().map(id -> '"' + id + '"').collect(Collectors.joining(",", "[", "]"));
    return new Answer(
        207,
        Map.of("Content-Type", "application/json"),
        "{\"retry\":%s,\"rejected\":%s}".formatted(list.apply(retry), list.apply(rejected)));
  }

  @Test
  void
      consecutive_jobs_with_the_same_action_and_other_objects_go_in_one_call_each_with_its_own_id() {
    List<String> jobs =
        submit(update("shop", "a"), update("shop", "b"), update("shop", "c"), delete("shop", "d"));
    jobs.forEach(job -> hub.await(job, "delivered"));
    assertThat(arrived()).containsExactly(List.of("a", "b", "c"), List.of("d"));
    JsonNode first = channel.calls().get(0).json();
    assertThat(ids(first.get("objects"), "job")).isEqualTo(jobs.subList(0, 3));
    assertThat(first.get("job").asText()).isEqualTo(jobs.get(0));
    assertThat(channel.calls().get(1).json().get("objects").get(0).has("job")).isFalse();
    JsonNode attempts = hub.job(jobs.get(1)).get("attempts");
    assertThat(attempts).hasSize(1);
    assertThat(attempts.get(0).get("status").asInt()).isEqualTo(200);
  }

  @Test
  void the_same_object_twice_another_key_and_more_than_the_bound_are_calls_of_their_own() {
    submit(update("shop", "a"), update("shop", "b"), update("shop", "a"))
        .forEach(job -> hub.await(job, "delivered"));
    assertThat(arrived()).containsExactly(List.of("a", "b"), List.of("a"));
    channel.calls().clear();
    String[] many =
        Stream.iterate(0, n -> n + 1)
            .limit(12)
            .map(n -> update("shop", "m" + n))
            .toArray(String[]::new);
    submit(many).forEach(job -> hub.await(job, "delivered"));
    assertThat(channel.calls().stream().map(call -> objects(call).size())).containsExactly(10, 2);
    channel.calls().clear();
    submit(
            TestHub.job("acme", "types", "product", "p"),
            TestHub.job("acme", "types", "offer", "o"),
            TestHub.job("acme", "types", "product", "q"))
        .forEach(job -> hub.await(job, "delivered"));
    assertThat(arrived()).containsExactlyInAnyOrder(List.of("p", "q"), List.of("o"));
  }

  @Test
  void a_key_that_a_dead_job_holds_has_one_job_in_a_call() {
    submit(update("holds", "a"), update("holds", "b")).forEach(job -> hub.await(job, "delivered"));
    assertThat(arrived()).containsExactly(List.of("a"), List.of("b"));
  }

  @Test
  void what_fails_keeps_back_later_jobs_of_its_own_object_alone() {
    Set<String> failing = ConcurrentHashMap.newKeySet();
    failing.add("c");
    channel.behave(
        call -> {
          List<String> retry = objects(call).stream().filter(failing::contains).toList();
          return retry.isEmpty() ? Answer.of(200) : partly(retry, List.of());
        });
    List<String> jobs =
        submit(
            update("shop", "a"),
            update("shop", "c"),
            update("shop", "d"),
            delete("shop", "c"),
            update("shop", "e"),
            TestHub.job("acme", "shop", "product", "c").replace("[\"c\"]", "[\"c\",\"f\"]"),
            update("shop", "f"),
            update("shop", "g"));
    for (int i : new int[] {0, 2, 4, 7}) {
      hub.await(jobs.get(i), "delivered");
    }
    assertThat(arrived()).startsWith(List.of("a", "c", "d")).doesNotContain(List.of("f"));
    await().until(() -> hub.job(jobs.get(1)).get("attempts").size() > 1);
    for (int i : new int[] {3, 5, 6}) {
      assertThat(hub.job(jobs.get(i)).get("attempts")).isEmpty();
    }
    failing.clear();
    jobs.forEach(job -> hub.await(job, "delivered"));
    List<Call> calls = List.copyOf(channel.calls());
    List<String> order = new ArrayList<>();
    for (Call call : calls) {
      if (!failing.containsAll(objects(call)) || objects(call).contains("f")) {
        order.add(call.json().get("action").asText() + objects(call));
      }
    }
    assertThat(order.lastIndexOf("update[c]")).isLessThan(order.indexOf("delete[c]"));
    assertThat(order.indexOf("delete[c]")).isLessThan(order.indexOf("update[c, f]"));
    assertThat(order.indexOf("update[c, f]")).isLessThan(order.indexOf("update[f]"));
    JsonNode later = hub.job(jobs.get(1));
    assertThat(later.get("attempts").get(0).get("outcome").asText()).isEqualTo("retry");
  }

  @Test
  void what_is_refused_is_dead_alone_with_a_letter_each() {
    channel.behave(call -> partly(List.of(), List.of("b", "c")));
    List<String> jobs = submit(update("shop", "a"), update("shop", "b"), update("shop", "c"));
    hub.await(jobs.get(0), "delivered");
    hub.await(jobs.get(1), "dead");
    hub.await(jobs.get(2), "dead");
    await()
        .untilAsserted(
            () ->
                assertThat(
                        hub.number(
                            "SELECT count(*) FROM job WHERE letter_due AND job_id IN ('%s','%s')"
                                .formatted(jobs.get(1), jobs.get(2))))
                    .isZero());
    channel.behave(call -> Answer.of(200));
    hub.post("/v1/jobs/" + jobs.get(2) + "/replay", "");
    hub.await(jobs.get(2), "delivered");
  }

  @Test
  void one_that_is_refused_while_another_is_tried_again_both_get_their_due() {
    channel.behave(
        call -> objects(call).size() > 1 ? partly(List.of("a"), List.of("b")) : Answer.of(200));
    List<String> jobs = submit(update("shop", "a"), update("shop", "b"), update("shop", "c"));
    hub.await(jobs.get(0), "delivered");
    hub.await(jobs.get(1), "dead");
    hub.await(jobs.get(2), "delivered");
    assertThat(hub.job(jobs.get(0)).get("attempts")).hasSize(2);
  }

  @Test
  void a_call_that_fails_as_a_whole_is_repeated_as_it_was_with_its_key() {
    channel.behave(call -> Answer.of(channel.calls().size() < 3 ? 503 : 200));
    List<String> jobs = submit(update("shop", "a"), update("shop", "b"), update("shop", "a"));
    jobs.forEach(job -> hub.await(job, "delivered"));
    assertThat(arrived())
        .containsExactly(List.of("a", "b"), List.of("a", "b"), List.of("a", "b"), List.of("a"));
    assertThat(
            channel.calls().stream()
                .limit(3)
                .map(call -> call.header("Idempotency-Key"))
                .distinct())
        .hasSize(1);
  }

  @Test
  void each_is_enriched_and_what_the_metadata_api_does_not_know_is_left_out() {
    metadata.behave(
        call ->
            call.method().equals("POST")
                ? Answer.of(405)
                : call.uri().getPath().endsWith("/x")
                    ? Answer.of(404)
                    : Answer.json("{\"name\":\"" + call.uri().getPath() + "\"}"));
    List<String> jobs = submit(update("full", "a"), update("full", "x"), update("full", "b"));
    hub.await(jobs.get(0), "delivered");
    hub.await(jobs.get(1), "dead");
    hub.await(jobs.get(2), "delivered");
    assertThat(arrived()).containsExactly(List.of("a", "b"));
    assertThat(channel.calls().get(0).json().at("/objects/1/body/name").asText()).endsWith("/b");
    assertThat(hub.job(jobs.get(1)).get("attempts")).isEmpty();
  }

  @Test
  void a_key_waits_for_more_jobs_but_not_longer_than_its_connector_says_nor_with_enough() {
    long start = System.nanoTime();
    List<String> jobs = new ArrayList<>();
    for (String id : List.of("a", "b", "c")) {
      jobs.addAll(hub.submit(update("lingers", id)));
    }
    jobs.forEach(job -> hub.await(job, "delivered"));
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    assertThat(arrived()).containsExactly(List.of("a", "b", "c"));
    start = System.nanoTime();
    hub.await(hub.submit(update("lingers", "alone")).get(0), "delivered");
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(2900), Duration.ofSeconds(10));
  }

  @Test
  void a_limit_of_objects_counts_all_of_them() {
    String[] many =
        Stream.iterate(0, n -> n + 1)
            .limit(9)
            .map(n -> update("limited", "l" + n))
            .toArray(String[]::new);
    List<String> jobs = submit(many);
    for (String job : jobs.subList(0, 5)) {
      hub.await(job, "delivered");
    }
    await()
        .untilAsserted(
            () ->
                assertThat(hub.job(jobs.get(5)).path("waitsFor").path("kind").asText())
                    .isEqualTo("limit"));
    assertThat(channel.calls()).hasSize(1);
  }

  @Test
  void a_connector_of_one_object_a_call_sends_each_with_the_id_of_its_own_job() {
    channel.behave(call -> Answer.of(call.uri().getPath().endsWith("/b") ? 422 : 200));
    List<String> jobs = submit(update("rest", "a"), update("rest", "b"), update("rest", "c"));
    hub.await(jobs.get(0), "delivered");
    hub.await(jobs.get(1), "dead");
    hub.await(jobs.get(2), "delivered");
    assertThat(channel.calls().stream().map(call -> call.header("Idempotency-Key")))
        .isEqualTo(jobs);
  }

  @Test
  void whatever_fails_each_object_gets_its_jobs_in_order_and_nothing_is_lost() {
    Random random = new Random(7);
    Map<String, List<String>> taken = new HashMap<>();
    channel.behave(
        call -> {
          synchronized (taken) {
            List<String> retry = new ArrayList<>();
            for (JsonNode object : call.json().get("objects")) {
              if (random.nextInt(4) == 0 && call.json().get("objects").size() > 1) {
                retry.add(object.get("id").asText());
              } else {
                String job = object.path("job").asText(call.json().get("job").asText());
                taken.computeIfAbsent(object.get("id").asText(), id -> new ArrayList<>()).add(job);
              }
            }
            return retry.isEmpty() ? Answer.of(200) : partly(retry, List.of());
          }
        });
    Map<String, List<String>> expected = new HashMap<>();
    List<String> all = new ArrayList<>();
    for (int batch = 0; batch < 10; batch++) {
      List<String> objects = new ArrayList<>();
      for (int n = 0; n < 40; n++) {
        objects.add("r" + random.nextInt(60));
      }
      List<String> jobs =
          submit(objects.stream().map(id -> update("shop", id)).toArray(String[]::new));
      for (int n = 0; n < jobs.size(); n++) {
        expected.computeIfAbsent(objects.get(n), id -> new ArrayList<>()).add(jobs.get(n));
      }
      all.addAll(jobs);
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                hub.number(
                        "SELECT count(*) FROM job JOIN account USING (account_id)"
                            + " WHERE channel = 'shop' AND state = 'delivered'"
                            + " AND object_ids[1] LIKE 'r%'")
                    == all.size());
    assertThat(taken).isEqualTo(expected);
    assertThat(channel.calls().size()).isLessThan(all.size());
    assertThat(
            hub.number(
                "SELECT count(*) FROM lane JOIN account USING (account_id)"
                    + " WHERE channel = 'shop' AND (open <> 0 OR unplaced <> 0)"))
        .isZero();
  }
}
