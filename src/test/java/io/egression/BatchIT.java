package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.net.http.HttpRequest;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Batches of a running hub: what order they keep is read from the receiving server's own log. */
class BatchIT {
  private static final List<String> TYPES = List.of("category", "product", "offer");

  /** Objects that are refused: as long as they are here. */
  private static final Set<String> REFUSED = ConcurrentHashMap.newKeySet();

  /** What has ended: channel, type and id, in the order of the answers. */
  private static final List<String> ENDED = new CopyOnWriteArrayList<>();

  private static final List<String> FAULTS = new CopyOnWriteArrayList<>();
  private static final Map<String, AtomicInteger> ATTEMPTS = new ConcurrentHashMap<>();
  private static final Semaphore GATE = new Semaphore(0);

  private static StubServer shop;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    shop = new StubServer(BatchIT::answer);
    hub =
        TestHub.prepare()
            .file("http-connector.connector.yaml", "retry: {first: 20ms, most: 20ms, jitter: 0}\n")
            .file(
                "belts.yaml",
                "belts:\n  default: [[category], [product], [offer]]\n  flat: [[category, product, offer]]\n")
            .accounts("acme", account("a"), account("b"), account("c"))
            .start();
  }

  private static String account(String channel) {
    return TestHub.account(channel, shop, "payload: reference", "partitionBy: object");
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
  }

  private static Answer answer(Call call) throws InterruptedException {
    JsonNode delivery = call.json();
    String channel = delivery.get("channel").asText();
    String type = delivery.get("objectType").asText();
    String id = call.objectId();
    String name = channel + "/" + type + "/" + id;
    if (id.startsWith("slow")) {
      GATE.acquire();
    }
    if (REFUSED.contains(channel + "/" + id)) {
      return Answer.of(422);
    }
    if (ATTEMPTS.computeIfAbsent(name, n -> new AtomicInteger()).incrementAndGet() == 1
        && name.hashCode() % 5 == 0) {
      return Answer.of(503); // one in five fails first
    }
    // no call of a belt before the last of the belt before has ended on this channel
    String batch = id.substring(id.indexOf('-') + 1);
    TYPES.subList(0, TYPES.indexOf(type)).stream()
        .filter(before -> ended(channel, before, batch) < expected(batch, before))
        .forEach(before -> FAULTS.add(name + " before every " + before));
    ENDED.add(name);
    return Answer.of(200);
  }

  private static final Map<String, Integer> EXPECTED = new ConcurrentHashMap<>();

  private static int expected(String batch, String type) {
    return EXPECTED.getOrDefault(batch + "/" + type, 0);
  }

  private static long ended(String channel, String type, String batch) {
    return ENDED.stream()
        .filter(each -> each.startsWith(channel + "/" + type + "/") && each.endsWith("-" + batch))
        .distinct()
        .count();
  }

  /** Jobs in the wrong order of types, so many of each. */
  private static String jobs(String batch, int each) {
    List<String> jobs = new ArrayList<>();
    for (String type : List.of("offer", "product", "category")) {
      EXPECTED.put(batch + "/" + type, each);
      for (int i = 0; i < each; i++) {
        jobs.add(job(type, i + "-" + batch));
      }
    }
    return "[" + String.join(",", jobs) + "]";
  }

  private static String job(String type, String id) {
    return "{\"action\":\"create\",\"objectType\":\"%s\",\"objectIds\":[\"%s\"]}"
        .formatted(type, id);
  }

  private static JsonNode make(String more) {
    return hub.json(
        hub.post("/v1/batches", "{\"subscription\":\"acme\",\"source\":\"erp\"" + more + "}"));
  }

  private static String id(JsonNode batch) {
    return batch.at("/batch/id").asText();
  }

  private static JsonNode batch(String id) {
    return hub.json(hub.get("/v1/batches/" + id));
  }

  private static JsonNode belt(String id, String channel, int belt) {
    for (JsonNode each : batch(id).get("channels")) {
      if (each.get("channel").asText().equals(channel)) {
        return each.get("belts").get(belt - 1);
      }
    }
    throw new AssertionError("no channel " + channel);
  }

  private static void awaitState(String id, String channel, int belt, String state) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(belt(id, channel, belt).get("state").asText()).isEqualTo(state));
  }

  @Test
  void a_belt_opens_on_a_channel_when_those_before_are_done_there_whatever_fails_meanwhile() {
    JsonNode made = make(",\"jobs\":" + jobs("all", 40));
    String id = id(made);
    assertThat(made.at("/batch/state").asText()).isEqualTo("sealed");
    assertThat(made.get("jobs")).hasSize(3 * 3 * 40);
    for (String channel : List.of("a", "b", "c")) {
      awaitState(id, channel, 3, "done");
      for (String type : TYPES) {
        assertThat(ended(channel, type, "all")).isEqualTo(40);
      }
    }
    assertThat(FAULTS).isEmpty();
    JsonNode last = belt(id, "a", 3);
    assertThat(last.get("done").asInt()).isEqualTo(40);
    assertThat(last.get("perMinute").asDouble()).isPositive();
  }

  @Test
  void a_dead_job_holds_its_channel_only_until_it_is_replayed() {
    REFUSED.add("b/0-held");
    String id = id(make(",\"jobs\":" + jobs("held", 3)));
    awaitState(id, "a", 3, "done");
    awaitState(id, "c", 3, "done");
    awaitState(id, "b", 1, "blocked");
    String dead = belt(id, "b", 1).at("/deadJobs/0").asText();
    assertThat(hub.job(dead).get("objectIds").get(0).asText()).isEqualTo("0-held");
    assertThat(belt(id, "b", 2).get("waitsFor").asText())
        .isEqualTo(
            "belt 1 has 1 dead jobs, %s first: replay or discard them, or release the belt"
                .formatted(dead));
    String waiting =
        hub.text(
            "SELECT job_id::text FROM job JOIN account USING (account_id) WHERE channel = 'b'"
                + " AND belt = 2 AND batch_id = '"
                + id
                + "' LIMIT 1");
    JsonNode waits = hub.job(waiting).get("waitsFor");
    assertThat(waits.get("kind").asText()).isEqualTo("belt");
    assertThat(waits.get("text").asText()).startsWith("belt 2 of batch " + id + " is not open");
    REFUSED.remove("b/0-held");
    hub.post("/v1/jobs/" + dead + "/replay", "");
    awaitState(id, "b", 3, "done");
    assertThat(FAULTS).isEmpty();
  }

  @Test
  void a_belt_with_dead_jobs_goes_on_if_the_batch_says_so_or_an_operator_does() {
    REFUSED.addAll(List.of("a/category-dead", "a/category-dead2"));
    String goesOn =
        id(
            make(
                ",\"onDead\":\"continue\",\"jobs\":[%s,%s]"
                    .formatted(job("category", "category-dead"), job("product", "p1"))));
    awaitState(goesOn, "a", 2, "done");
    String held =
        id(
            make(
                ",\"jobs\":[%s,%s]"
                    .formatted(job("category", "category-dead2"), job("product", "p2"))));
    awaitState(held, "a", 1, "blocked");
    hub.post("/v1/batches/" + held + "/release", "{\"belt\":1,\"channel\":\"a\"}");
    awaitState(held, "a", 2, "done");
    assertThat(belt(held, "a", 1).get("releasedBy").asText()).isEqualTo("admin");
  }

  @Test
  void an_open_batch_is_joined_until_it_is_closed_or_sealed() {
    String id = id(make(""));
    assertThat(batch(id).at("/batch/state").asText()).isEqualTo("open");
    String join = ",\"batch\":\"%s\"".formatted(id);
    String category = hub.submit(TestHub.job("acme", "a", "category", "j1", strip(join))).get(0);
    String product = hub.submit(TestHub.job("acme", "a", "product", "j2", strip(join))).get(0);
    hub.await(category, "delivered");
    assertThat(hub.job(category).get("belt").asInt()).isEqualTo(1);
    assertThat(belt(id, "a", 2).get("waitsFor").asText())
        .isEqualTo("the batch is not sealed, and belt 1 not closed: more jobs may join");
    hub.post("/v1/batches/" + id + "/close", "{\"belt\":1}");
    hub.await(product, "delivered");
    assertThat(hub.post("/v1/jobs", TestHub.job("acme", "a", "category", "j3", strip(join))).body())
        .contains("batch-closed")
        .contains("its belt takes no more jobs");
    hub.post("/v1/batches/" + id + "/seal", "");
    assertThat(hub.post("/v1/jobs", TestHub.job("acme", "a", "offer", "j4", strip(join))).body())
        .contains("it is sealed");
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] IN ('j3', 'j4')")).isZero();
  }

  private static String strip(String field) {
    return field.substring(1);
  }

  @Test
  void no_belt_opens_before_what_joined_and_was_sealed_while_others_are_added_up()
      throws Exception {
    GATE.drainPermits();
    String other = id(make(",\"jobs\":[%s]".formatted(job("category", "other1"))));
    awaitState(other, "a", 1, "done");
    String id = id(make(""));
    String join = strip(",\"batch\":\"%s\"".formatted(id));
    try (Connection held = SharedPostgres.connect(hub.setting("egression.database.url"))) {
      held.setAutoCommit(false);
      held.createStatement()
          .execute("SELECT 1 FROM batch_belt WHERE batch_id = '%s' FOR UPDATE".formatted(other));
      hub.execute(
          "INSERT INTO batch_change SELECT batch_id, account_id, belt, 0, 0, 0 FROM batch_belt"
              + " WHERE batch_id = '%s'".formatted(other));
      await("the adding up waits")
          .until(
              () ->
                  hub.number(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND query LIKE '%DELETE FROM batch_change%'"
                              + " AND datname = current_database()")
                      == 1);
      hub.submit(TestHub.job("acme", "a", "category", "slow-late", join));
      hub.submit(TestHub.job("acme", "a", "product", "after-late", join));
      hub.post("/v1/batches/" + id + "/seal", "");
      held.rollback();
    }
    await()
        .during(Duration.ofSeconds(3))
        .untilAsserted(
            () -> assertThat(belt(id, "a", 2).get("state").asText()).isEqualTo("closed"));
    GATE.release();
    awaitState(id, "a", 2, "done");
  }

  @Test
  void the_same_key_makes_one_batch() {
    String body =
        "{\"subscription\":\"acme\",\"source\":\"erp\",\"jobs\":[%s]}"
            .formatted(job("category", "once"));
    Set<String> batches = new HashSet<>();
    for (int i = 0; i < 2; i++) {
      HttpRequest request =
          hub.request("/v1/batches")
              .header("Content-Type", "application/json")
              .header("Idempotency-Key", "night-17")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      batches.add(id(hub.json(TestHub.send(request))));
    }
    assertThat(batches).hasSize(1);
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] = 'once'")).isEqualTo(3);
  }

  @Test
  void a_cancelled_batch_ends_all_of_its_jobs() {
    String id =
        id(
            make(
                ",\"jobs\":[%s,%s,%s]"
                    .formatted(
                        job("category", "slow1"), job("product", "n1"), job("offer", "n2"))));
    await().until(() -> shop.calls().stream().anyMatch(call -> call.body().contains("slow1")));
    hub.post("/v1/batches/" + id + "/cancel", "");
    GATE.release(10);
    await()
        .untilAsserted(
            () ->
                assertThat(
                        hub.number(
                            "SELECT count(*) FROM job WHERE batch_id = '%s' AND state NOT IN ('cancelled', 'delivered')"
                                .formatted(id)))
                    .isZero());
    assertThat(shop.calls()).noneMatch(call -> call.body().contains("\"n1\""));
    assertThat(batch(id).at("/batch/state").asText()).isEqualTo("cancelled");
  }

  @Test
  void a_batch_that_stays_open_for_too_long_is_reported() {
    String id = id(make(",\"sealAfter\":\"1s\""));
    await().until(() -> batch(id).at("/batch/state").asText().equals("late"));
  }

  @Test
  void other_belts_may_be_chosen_and_a_type_on_none_is_refused() {
    String flat =
        id(
            make(
                ",\"belts\":\"flat\",\"jobs\":[%s,%s]"
                    .formatted(job("offer", "f1"), job("category", "f2"))));
    awaitState(flat, "a", 1, "done");
    assertThat(batch(flat).at("/channels/0/belts")).hasSize(1);
    assertThat(
            hub.post(
                    "/v1/batches",
                    "{\"subscription\":\"acme\",\"source\":\"erp\",\"jobs\":[%s]}"
                        .formatted(job("prodct", "x")))
                .body())
        .contains("no belt of the batch has it; did you mean 'product'?");
  }

  @Test
  void what_is_not_right_of_a_batch_is_told() {
    assertThat(
            hub.post(
                    "/v1/batches",
                    "{\"subscription\":\"acme\",\"sorce\":\"erp\",\"onDead\":\"stop\",\"sealAfter\":\"soon\",\"belts\":\"flt\"}")
                .body())
        .contains("did you mean 'source'?")
        .contains("/source")
        .contains("must be hold or continue")
        .contains("did you mean 'flat'?")
        .contains("must be a duration");
    assertThat(hub.get("/v1/batches/x").statusCode()).isEqualTo(404);
  }
}
