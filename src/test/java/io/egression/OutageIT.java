package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.FaultyProxy.Cut;
import io.egression.StubServer.Answer;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The database or the broker goes away and comes back. */
class OutageIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int STATEMENT_SECONDS = 10;
  private static final String ACCEPTS = "INSERT INTO job ";

  private static StubServer server;
  private static TestBroker broker;
  private static FaultyProxy database;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    server = new StubServer(call -> Answer.json("{}"));
    broker = new TestBroker();
    hub = TestHub.prepare();
    URI url = URI.create(hub.setting("egression.database.url").substring("jdbc:".length()));
    database = new FaultyProxy(url.getPort());
    hub.metadata(server)
        .with(
            "egression.database.url",
            "jdbc:postgresql://127.0.0.1:%d%s?socketTimeout=%d"
                .formatted(database.port(), url.getPath(), STATEMENT_SECONDS))
        .with("egression.broker.url", broker.url().replaceFirst("\\?.*", ""))
        .accounts("acme", TestHub.account("a", server, "partitionBy: object", "payload: reference"))
        .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    database.close();
    broker.close();
    server.close();
  }

  @BeforeEach
  void reset() {
    server.behave(call -> Answer.of(200));
    server.calls().clear();
  }

  @AfterEach
  void heal() {
    database.heal();
    hub.awaitAllFinal(SOON);
  }

  // ---- the database

  @Test
  void while_the_database_refuses_nothing_is_accepted_and_the_answer_says_so() {
    database.refuse();

    HttpResponse<String> submitted = hub.post("/v1/jobs", job("refused", "refused"));
    assertAway(submitted, "Nothing was accepted");
    assertAway(hub.get("/v1/jobs"), "");
    Problems.assertThatIs(hub.post("/v1/jobs", "{"), 400, "malformed-json");
    Problems.assertThatIs(hub.post("/v1/jobs", "{}"), 422, "invalid-job");
    assertThat(jobsOf("refused")).isZero();

    database.heal();
    hub.await(submitWhenBack("refused"), "delivered");
    assertThat(jobsOf("refused")).isEqualTo(1);
  }

  @Test
  void a_database_that_hangs_holds_a_request_no_longer_than_a_statement_may_take() {
    database.hang();
    long asked = System.nanoTime();

    assertAway(hub.post("/v1/jobs", job("hung", "hung")), "Nothing was accepted");
    assertThat(Duration.ofNanos(System.nanoTime() - asked))
        .isLessThan(Duration.ofSeconds(2 * STATEMENT_SECONDS));

    database.heal();
    hub.await(submitWhenBack("hung"), "delivered");
    assertThat(jobsOf("hung")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Cut.class)
  void a_connection_that_breaks_in_the_commit_leaves_it_unknown_and_a_repeat_is_safe(Cut cut) {
    String id = "commit-" + cut;
    database.cutCommitOf(ACCEPTS, cut);

    assertAway(hub.post("/v1/jobs", job(id, id)), "unknown whether the jobs were accepted");

    assertThat(database.isTrapSet()).isFalse();
    assertThat(jobsOf(id)).isEqualTo(cut == Cut.AFTER_COMMIT ? 1 : 0);
    String job = hub.submit(job(id, id)).get(0);
    assertThat(jobsOf(id)).isEqualTo(1);
    hub.await(job, "delivered");
    assertThat(server.calls())
        .extracting(call -> call.header("Idempotency-Key"))
        .containsOnly(job)
        .hasSize(1);
  }

  @Test
  void a_connection_that_breaks_before_the_commit_leaves_nothing() {
    for (int i = 0; i < 5; i++) {
      database.cut();
      HttpResponse<String> answer = hub.post("/v1/jobs", job("cut", "cut"));
      assertThat(answer.statusCode()).isIn(202, 503);
    }
    submitWhenBack("cut");
    assertThat(jobsOf("cut")).isEqualTo(1);
  }

  @Test
  void deliveries_go_on_when_the_database_is_back_and_none_is_lost() {
    server.behave(OutageIT::slowly);
    List<String> ids = submitMany("outage", 200);
    for (int i = 0; i < 3; i++) {
      int before = server.calls().size();
      await().atMost(SOON).until(() -> server.calls().size() > before + 10);
      if (i == 1) {
        database.refuse();
        assertAway(hub.post("/v1/jobs", job("in-between", "in-between")), "Nothing was accepted");
        database.heal();
      } else {
        database.cut();
      }
    }
    assertAllDelivered(ids);
  }

  @ParameterizedTest
  @EnumSource(Cut.class)
  void an_answer_whose_record_s_commit_breaks_is_recorded_all_the_same(Cut cut) {
    server.behave(OutageIT::slowly);
    database.cutStatement("INSERT INTO attempt", cut);
    List<String> ids = submitMany("record-" + cut, 60);
    assertAllDelivered(ids);
    assertThat(database.isTrapSet()).isFalse();
  }

  @Test
  void an_answer_that_stops_its_account_is_not_lost_while_the_database_is_away() {
    server.behave(
        call -> {
          database.refuse();
          return Answer.of(200, "RateLimit", "\"calls\";r=0;t=1");
        });
    String id = hub.submit(job("last-call", "last-call")).get(0);
    await().atMost(SOON).until(() -> server.calls().size() == 1);
    for (int i = 0; i < 2; i++) { // each as long as a statement waits for a connection
      assertAway(hub.get("/v1/jobs"), "");
    }
    database.heal();
    hub.await(id, "delivered");
    assertThat(server.calls()).hasSize(1);
  }

  // ---- the broker

  @Test
  void while_the_broker_is_away_jobs_are_accepted_and_delivered_when_it_returns() {
    broker.stop();
    try {
      String id = hub.submit(job("no-broker", "no-broker")).get(0);
      await().atMost(SOON).until(() -> health().get("broker").asText().equals("away"));
      JsonNode waiting = hub.job(id);
      assertThat(waiting.get("state").asText()).isEqualTo("waiting");
      assertThat(waiting.get("waitsFor").get("text").asText()).contains("broker");
      assertThat(server.calls()).isEmpty();
    } finally {
      broker.start();
    }
    hub.awaitAllFinal(SOON);
    assertThat(server.calls()).hasSize(1);
    await().atMost(SOON).until(() -> health().get("broker").asText().equals("up"));
  }

  @Test
  void a_broker_that_stops_in_the_middle_loses_nothing() {
    server.behave(OutageIT::slowly);
    List<String> ids = submitMany("broker", 200);
    await().atMost(SOON).until(() -> server.calls().size() > 20);
    broker.stop();
    try {
      ids.addAll(submitMany("broker-away", 20));
    } finally {
      broker.start();
    }
    assertAllDelivered(ids);
  }

  @Test
  void a_dead_letter_waits_for_the_broker() {
    String queue = "egression.dead-letter";
    long before = broker.count(queue);
    server.behave(
        call -> {
          broker.stop(); // the job is in hand
          return Answer.of(422);
        });
    String id = hub.submit(job("letter", "letter")).get(0);
    hub.await(id, "dead");
    broker.start();
    await().atMost(SOON).until(() -> broker.count(queue) == before + 1);
  }

  @Test
  void a_hub_starts_without_its_broker_and_delivers_when_it_comes() {
    try (TestBroker late = new TestBroker()) {
      late.stop();
      try (TestHub without =
          TestHub.prepare()
              .metadata(server)
              .with("egression.broker.url", late.url().replaceFirst("\\?.*", ""))
              .accounts("acme", TestHub.account("a", server, "payload: reference"))
              .start()) {
        String id = without.submit(job("early", "early")).get(0);
        late.start();
        without.await(id, "delivered");
      }
    }
  }

  // ---- helpers

  private static Answer slowly(StubServer.Call call) throws InterruptedException {
    Thread.sleep(10); // the channel's own pace, so that work is under way when the fault comes
    return Answer.of(200);
  }

  private static void assertAway(HttpResponse<String> answer, String detail) {
    JsonNode problem = Problems.assertThatIs(answer, 503, "ledger-away");
    assertThat(problem.get("detail").asText()).contains(detail);
    assertThat(Integer.parseInt(answer.headers().firstValue("Retry-After").orElseThrow()))
        .isPositive();
  }

  private static String job(String id, String key) {
    return TestHub.job("acme", "a", "product", id, "\"idempotencyKey\":\"" + key + "\"");
  }

  /** As a producer would: again and again with its key. */
  private static String submitWhenBack(String id) {
    HttpResponse<String> answer =
        await()
            .atMost(SOON)
            .until(
                () -> hub.post("/v1/jobs", job(id, id)), accepted -> accepted.statusCode() == 202);
    return hub.json(answer).get("jobs").get(0).get("id").asText();
  }

  private static List<String> submitMany(String source, int count) {
    return new ArrayList<>(
        hub.submit(
            IntStream.range(0, count)
                .mapToObj(n -> TestHub.job("acme", "a", source, "key-" + n % 10))
                .collect(Collectors.joining(",", "[", "]"))));
  }

  private static void assertAllDelivered(List<String> ids) {
    hub.awaitAllFinal(SOON);
    String delivered = "SELECT count(*) FROM job WHERE state = 'delivered' AND job_id IN ('%s')";
    assertThat(hub.number(delivered.formatted(String.join("','", ids)))).isEqualTo(ids.size());
    assertThat(server.calls()).extracting(call -> call.header("Egression-Job")).containsAll(ids);
    Map<String, Long> last = new HashMap<>();
    for (StubServer.Call call : server.calls()) {
      long place = Long.parseLong(call.header("Egression-Place"));
      Long before = last.put(call.header("Egression-Partition"), place);
      assertThat(before == null || before <= place).as("places rise within a key").isTrue();
    }
  }

  private static JsonNode health() {
    return hub.json(hub.get("/health"));
  }

  private static long jobsOf(String objectId) {
    return hub.number("SELECT count(*) FROM job WHERE object_ids[1] = '" + objectId + "'");
  }
}
