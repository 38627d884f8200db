package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Later jobs take the places of earlier ones that wait, where the account allows it. */
class SupersedeIT {
  private static final Semaphore GATE = new Semaphore(0);
  private static StubServer shop;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    shop =
        new StubServer(
            call -> {
              if (call.objectId().startsWith("slow")) {
                GATE.acquire();
              }
              return Answer.of(200);
            });
    hub =
        TestHub.prepare()
            .accounts(
                "acme",
                account("one", "supersede: true", "runSize: 2"),
                account("many", "supersede: true", "limits: [{name: calls, permits: 40, per: 1s}]"),
                account("plain"))
            .start();
  }

  private static String account(String channel, String... more) {
    List<String> lines = new ArrayList<>(List.of(more));
    lines.add("payload: reference");
    return TestHub.account(channel, shop, lines.toArray(String[]::new));
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
  }

  private static String submit(String channel, String action, String object) {
    return hub.submit(job(channel, action, object)).get(0);
  }

  private static String job(String channel, String action, String object) {
    return TestHub.job("acme", channel, "product", object)
        .replace("\"update\"", "\"" + action + "\"");
  }

  private static void paused(String channel, Runnable work) {
    hub.post("/v1/accounts/acme/" + channel + "/pause", "");
    work.run();
    hub.post("/v1/accounts/acme/" + channel + "/resume", "");
  }

  private static List<String> called(String... objects) {
    return shop.calls().stream()
        .map(StubServer.Call::json)
        .filter(call -> List.of(objects).contains(call.at("/objects/0/id").asText()))
        .map(call -> call.get("action").asText() + " " + call.at("/objects/0/id").asText())
        .toList();
  }

  private static long openCounts() {
    return hub.number(
        "SELECT count(*) FROM lane l WHERE open <> (SELECT count(*) FROM job j WHERE"
            + " j.lane_id = l.lane_id AND j.place IS NOT NULL AND j.state = 'waiting')");
  }

  @Test
  void a_later_update_takes_the_place_of_one_that_waits_and_both_say_so() {
    List<String> jobs = new ArrayList<>();
    paused(
        "one",
        () -> {
          jobs.add(submit("one", "update", "a"));
          jobs.add(submit("one", "update", "b"));
          jobs.add(submit("one", "update", "a"));
          assertThat(openCounts()).isZero();
        });
    hub.await(jobs.get(1), "delivered");
    hub.await(jobs.get(2), "delivered");
    JsonNode first = hub.job(jobs.get(0));
    assertThat(first.get("state").asText()).isEqualTo("superseded");
    assertThat(first.get("reason").asText()).isEqualTo("superseded by job " + jobs.get(2));
    assertThat(hub.job(jobs.get(2)).get("timeline"))
        .anyMatch(
            entry ->
                entry.get("what").asText().equals("supersedes")
                    && entry.get("detail").asText().equals("job " + jobs.get(0)));
    assertThat(called("a", "b")).as("a keeps its turn").containsExactly("update a", "update b");
  }

  @Test
  void a_delete_replaces_what_was_never_sent_and_nothing_passes_a_create_or_delete() {
    paused(
        "one",
        () -> {
          submit("one", "create", "c");
          submit("one", "update", "c");
          submit("one", "delete", "c");
          submit("one", "update", "c");
          submit("one", "update", "c");
          submit("one", "create", "d");
          submit("one", "update", "d");
        });
    await().until(() -> called("c", "d").size() == 4);
    await().until(() -> hub.number("SELECT count(*) FROM lane WHERE open > 0") == 0);
    assertThat(called("c", "d")).containsExactly("delete c", "update c", "create d", "update d");
  }

  @Test
  void what_waits_without_a_place_is_superseded_too_but_no_scheduled_update_by_an_update() {
    String later = Instant.now().plus(Duration.ofHours(1)).toString();
    String scheduled =
        hub.submit(TestHub.job("acme", "one", "product", "s", "\"notBefore\":\"" + later + "\""))
            .get(0);
    String gated = submit("one", "update", "s");
    assertThat(hub.state(gated)).isEqualTo("gated");
    String next = submit("one", "update", "s");
    assertThat(hub.state(gated)).isEqualTo("superseded");
    await().until(() -> hub.state(next).equals("gated"));
    assertThat(hub.state(scheduled)).isEqualTo("scheduled");
    String other = submit("one", "update", "s-other");
    hub.await(other, "delivered");
    String delete = submit("one", "delete", "s");
    hub.await(delete, "delivered");
    assertThat(hub.state(next)).isEqualTo("superseded");
    assertThat(hub.state(scheduled)).isEqualTo("superseded");
    assertThat(called("s")).containsExactly("delete s");
    String after = submit("one", "create", "s");
    hub.await(after, "delivered");
    assertThat(hub.number("SELECT count(*) FROM lane WHERE unplaced <> 0")).isZero();
  }

  @Test
  void a_job_in_a_claimed_run_is_not_superseded() {
    List<String> jobs =
        hub.submit("[" + job("one", "update", "slow1") + "," + job("one", "update", "e") + "]");
    await().until(() -> called("slow1").size() == 1); // its run has both
    String later = submit("one", "update", "e");
    String latest = submit("one", "update", "e");
    GATE.release(1);
    hub.await(jobs.get(1), "delivered");
    hub.await(latest, "delivered");
    assertThat(hub.state(later)).isEqualTo("superseded");
    assertThat(called("e")).hasSize(2);
  }

  @Test
  void many_updates_of_a_few_objects_become_a_few_calls() {
    for (int round = 0; round < 10; round++) {
      List<String> jobs = new ArrayList<>();
      for (int n = 0; n < 1000; n++) {
        jobs.add(job("many", "update", "m" + n % 100));
      }
      hub.submit("[" + String.join(",", jobs) + "]");
    }
    hub.awaitAllFinal(Duration.ofSeconds(60));
    long calls =
        StreamSupport.stream(shop.calls().spliterator(), false)
            .filter(call -> call.objectId().startsWith("m"))
            .count();
    assertThat(calls).isBetween(100L, 400L);
    assertThat(openCounts()).isZero();
    assertThat(
            hub.number(
                "SELECT count(DISTINCT object_ids[1]) FROM job WHERE object_ids[1] LIKE 'm%' AND state = 'delivered'"))
        .isEqualTo(100);
    // the last update of each object is the one that was delivered last
    assertThat(
            hub.number(
                "SELECT count(*) FROM job j WHERE object_ids[1] LIKE 'm%' AND state <> 'delivered' AND NOT EXISTS"
                    + " (SELECT FROM job k WHERE k.object_ids = j.object_ids AND k.turn > j.turn AND k.state = 'delivered')"))
        .isZero();
  }

  @Test
  void where_the_account_does_not_say_so_every_job_is_delivered() {
    paused(
        "plain",
        () -> {
          submit("plain", "update", "p");
          submit("plain", "update", "p");
        });
    await().until(() -> called("p").size() == 2);
  }
}
