package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Several nodes share a broker and a database: they differ, one of them stops, the rest goes on.
 */
class NodesIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String DEAD = "SELECT count(*) FROM job WHERE deaths > 0";

  private StubServer channel;
  private TestBroker broker;
  private TestHub first;

  @BeforeEach
  void start() {
    channel = new StubServer(call -> Answer.of(200));
    broker = new TestBroker();
    first =
        TestHub.prepare()
            .with("egression.broker.url", broker.url())
            .with("egression.node.name", "first")
            .accounts("acme", account("shop"), account("other"))
            .start();
  }

  @AfterEach
  void stop() {
    first.close();
    broker.close();
    channel.close();
  }

  private String account(String name) {
    return TestHub.account(name, channel, "payload: reference", "partitionBy: object");
  }

  private static List<String> submit(TestHub hub, String channel, int jobs, int keys) {
    return hub.submit(
        IntStream.range(0, jobs)
            .mapToObj(n -> TestHub.job("acme", channel, "product", "p" + n % keys))
            .collect(Collectors.joining(",", "[", "]")));
  }

  private static JsonNode health(TestHub hub) {
    return hub.json(hub.get("/health"));
  }

  private static void awaitConfiguration(TestHub hub, String word) {
    await()
        .atMost(Duration.ofSeconds(15)) // some heartbeats
        .until(() -> health(hub).get("configuration").asText().equals(word));
  }

  // ---- nodes that are configured differently

  @Test
  void a_node_that_lacks_an_account_gives_its_runs_back_and_one_that_has_it_delivers_them() {
    try (TestHub lacking =
        first
            .anotherNodeWithItsOwnConnectors()
            .with("egression.node.name", "lacking")
            .accounts("acme", account("other"))
            .start()) {
      List<String> jobs = submit(first, "shop", 200, 100);
      jobs.addAll(submit(lacking, "other", 200, 100));
      String givenBack =
          "SELECT count(*) FROM lane WHERE reason = 'node lacking does not have the account'";
      await()
          .pollInterval(Duration.ofMillis(20))
          .untilAsserted(() -> assertThat(first.number(givenBack)).isPositive());
      first.awaitAllFinal(SOON);

      assertThat(first.number("SELECT count(*) FROM job WHERE state = 'delivered'"))
          .isEqualTo(jobs.size());
      assertThat(first.number(DEAD)).isZero();
      assertThat(channel.calls()).hasSize(jobs.size());
      String deliverers =
          """
          SELECT string_agg(DISTINCT name, ' ') FROM attempt
          JOIN job USING (job_id) JOIN account USING (account_id) JOIN node USING (node_id)
          WHERE channel = '%s'
          """;
      assertThat(first.text(deliverers.formatted("shop"))).isEqualTo("first");
      assertThat(first.text(deliverers.formatted("other"))).isEqualTo("first lacking");
    }
  }

  @Test
  void nodes_that_differ_are_degraded_and_work_until_they_agree_again() {
    assertThat(health(first).get("status").asText()).isEqualTo("up");
    try (TestHub same = first.anotherNode().start();
        TestHub differs =
            first.anotherNodeWithItsOwnConnectors().accounts("acme", account("shop")).start()) {
      for (TestHub node : List.of(first, same, differs)) {
        awaitConfiguration(node, "differs");
        assertThat(health(node).get("status").asText()).isEqualTo("degraded");
        assertThat(node.get("/health").statusCode()).as("it takes work").isEqualTo(200);
      }
      differs.stop();
      for (TestHub node : List.of(first, same)) {
        awaitConfiguration(node, "agreed");
        assertThat(health(node).get("status").asText()).isEqualTo("up");
      }
    }
  }

  @Test
  void the_jobs_of_a_removed_account_wait_say_so_and_go_on_when_it_returns() {
    channel.behave(call -> Answer.of(503, "Retry-After", "1"));
    List<String> jobs = submit(first, "shop", 10, 5);
    await().until(() -> channel.calls().size() >= 5);
    first.stop();
    channel.calls().clear();
    channel.behave(call -> Answer.of(200));

    first.accounts("acme", account("other")).start();
    String free = submit(first, "other", 1, 1).get(0);
    first.await(free, "delivered");
    String ready = "SELECT count(*) FROM lane WHERE state = 'ready'"; // their retries are due
    await().untilAsserted(() -> assertThat(first.number(ready)).isEqualTo(5));
    await().during(Duration.ofSeconds(2)).until(() -> channel.calls().size() == 1);
    assertThat(jobs).allMatch(job -> first.state(job).equals("waiting"));
    JsonNode waitsFor = first.job(jobs.get(0)).get("waitsFor");
    assertThat(waitsFor.get("kind").asText()).isEqualTo("removed");
    assertThat(standing("shop").get("configured").asBoolean()).isFalse();

    first.stop();
    first.accounts("acme", account("shop"), account("other")).start();
    jobs.forEach(job -> first.await(job, "delivered"));
    assertThat(channel.calls()).hasSize(1 + jobs.size());
    assertThat(first.number(DEAD)).isZero();
    assertThat(standing("shop").get("configured").asBoolean()).isTrue();
  }

  private JsonNode standing(String channel) {
    for (JsonNode account : first.json(first.get("/v1/accounts")).get("accounts")) {
      if (account.get("channel").asText().equals(channel)) {
        return account;
      }
    }
    throw new AssertionError("no account " + channel);
  }

  // ---- one of several nodes stops

  @Test
  void a_node_that_stops_under_load_ends_its_calls_repeats_none_and_the_other_goes_on() {
    int count = 2000;
    channel.behave(
        call -> {
          LockSupport.parkNanos(60_000_000); // calls are in flight, and the load outlasts a stop
          return Answer.of(200);
        });
    try (TestHub second = first.anotherNode().with("egression.node.name", "second").start()) {
      List<String> jobs = submit(first, "shop", count, 50);
      String bySecond =
          "SELECT count(*) FROM attempt JOIN node USING (node_id) WHERE name = 'second'";
      await().atMost(SOON).until(() -> second.number(bySecond) > 100);
      second.stop();
      long calledByThen = channel.calls().size();
      long recordedBySecond = first.number(bySecond);
      assertThat(calledByThen).as("the load lasts beyond the stop").isLessThan(count - 200);
      await()
          .atMost(Duration.ofSeconds(3))
          .until(() -> channel.calls().size() > calledByThen + 100);
      first.awaitAllFinal(SOON);

      assertThat(channel.calls())
          .extracting(call -> call.header("Idempotency-Key"))
          .containsExactlyInAnyOrderElementsOf(jobs);
      assertThat(first.text("SELECT string_agg(DISTINCT outcome, ' ') FROM attempt"))
          .isEqualTo("delivered");
      assertThat(first.number(bySecond))
          .as("nothing came after its stop")
          .isEqualTo(recordedBySecond);
      assertThat(first.hub().repairs()).isZero();
    }
  }
}
