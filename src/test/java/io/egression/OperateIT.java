package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What operators do: cancel, replay, discard, pause, and the console's move and retry. */
class OperateIT {
  private static final String LETTERS = "egression.dead-letter";

  private static StubServer channel;
  private static TestBroker broker;
  private static TestHub hub;
  private static final Set<String> WRONG = ConcurrentHashMap.newKeySet();

  @BeforeAll
  static void start() {
    channel = new StubServer(call -> Answer.of(200));
    broker = new TestBroker();
    hub =
        TestHub.prepare()
            .with("egression.broker.url", broker.url())
            .accounts(
                "acme",
                TestHub.account("goes-on", channel, "payload: reference"),
                TestHub.account("holds", channel, "payload: reference", "onDead: hold"),
                TestHub.account("other", channel, "payload: reference", "partitionBy: object"))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    broker.close();
    channel.close();
  }

  @BeforeEach
  void reset() {
    WRONG.clear();
    channel.calls().clear();
    channel.behave(call -> Answer.of(WRONG.contains(call.objectId()) ? 422 : 200));
  }

  private static String submit(String channel, String object) {
    return hub.submit(TestHub.job("acme", channel, "product", object)).get(0);
  }

  private static HttpResponse<String> operate(String path) {
    return hub.post(path, "");
  }

  @Test
  void a_dead_job_is_replayed_with_its_id_and_history_and_its_letter_is_gone() {
    WRONG.add("a");
    String job = submit("goes-on", "a");
    hub.await(job, "dead");
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isEqualTo(1));
    WRONG.clear();
    assertThat(operate("/v1/jobs/" + job + "/replay").statusCode()).isEqualTo(202);
    JsonNode story = hub.await(job, "delivered");
    assertThat(story.get("attempts")).hasSize(2);
    assertThat(story.get("timeline")).anyMatch(e -> e.get("what").asText().equals("replayed"));
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isEqualTo(0));
    assertThat(operate("/v1/jobs/" + job + "/replay").statusCode()).isEqualTo(409);
  }

  @Test
  void a_letter_whose_note_was_lost_is_sent_again_and_is_still_one_letter() {
    WRONG.add("noted");
    String job = submit("other", "noted");
    hub.await(job, "dead");
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isEqualTo(1));
    String lost =
        "UPDATE job SET letter_due = true, letter_taken = NULL, died_at = died_at - interval '1 minute'";
    await()
        .untilAsserted(
            () -> assertThat(hub.number("SELECT count(*) FROM job WHERE letter_due")).isZero());
    assertThat(hub.execute(lost + " WHERE job_id = '" + job + "'")).isEqualTo(1);
    await()
        .atMost(java.time.Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(hub.number("SELECT count(*) FROM job WHERE letter_due")).isZero());
    assertThat(broker.count(LETTERS)).isEqualTo(1);
    operate("/v1/jobs/" + job + "/discard");
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isZero());
  }

  @Test
  void a_held_key_waits_for_the_operator_and_replay_goes_first() {
    WRONG.add("bad");
    String bad = submit("holds", "bad");
    hub.await(bad, "dead");
    String next = submit("holds", "next");
    JsonNode waiting = hub.job(next);
    assertThat(waiting.get("state").asText()).isEqualTo("waiting");
    assertThat(waiting.get("waitsFor").get("kind").asText()).isEqualTo("hold");
    assertThat(waiting.get("waitsFor").get("job").asText()).isEqualTo(bad);
    WRONG.clear();
    channel.calls().clear();
    operate("/v1/jobs/" + bad + "/replay");
    hub.await(next, "delivered");
    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactly("bad", "next");
  }

  @Test
  void discarding_a_dead_job_lets_its_held_key_go_on() {
    WRONG.add("bad");
    String bad = submit("holds", "bad");
    hub.await(bad, "dead");
    String next = submit("holds", "next");
    assertThat(operate("/v1/jobs/" + bad + "/discard").statusCode()).isEqualTo(200);
    hub.await(next, "delivered");
    assertThat(hub.job(bad).get("state").asText()).isEqualTo("cancelled");
    assertThat(hub.job(bad).get("reason").asText()).isEqualTo("discarded");
  }

  @Test
  void the_console_s_retry_replays_once_and_an_outdated_letter_does_nothing() throws Exception {
    WRONG.add("x");
    String job = submit("other", "x");
    hub.await(job, "dead");
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isEqualTo(1));
    WRONG.clear();
    broker.queue(LETTERS).retryMessages();
    hub.await(job, "delivered");
    assertThat(broker.count(LETTERS)).isZero();
    assertThat(hub.job(job).get("timeline"))
        .anyMatch(
            entry ->
                entry.get("what").asText().equals("replayed")
                    && entry.get("actor").asText().equals("the broker's console"));
  }

  @Test
  void moving_a_letter_to_the_connector_s_queue_replays_too() throws Exception {
    WRONG.add("x");
    String job = submit("other", "x");
    hub.await(job, "dead");
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isEqualTo(1));
    WRONG.clear();
    broker.queue(LETTERS).moveMessages(null, "egression.connector.http-connector");
    hub.await(job, "delivered");
  }

  @Test
  void many_are_replayed_by_filter_in_their_old_order_with_progress() {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      WRONG.add("bulk" + i);
      jobs.add(submit("goes-on", "bulk" + i));
    }
    WRONG.add("elsewhere");
    String elsewhere = submit("other", "elsewhere");
    jobs.forEach(job -> hub.await(job, "dead"));
    hub.await(elsewhere, "dead");
    WRONG.clear();
    channel.calls().clear();
    HttpResponse<String> answer =
        hub.post(
            "/v1/replays",
            "{\"subscription\":\"acme\",\"channel\":\"goes-on\",\"reason\":\"422\"}");
    assertThat(answer.statusCode()).isEqualTo(202);
    String location = hub.json(answer).get("location").asText();
    await().until(() -> hub.json(hub.get(location)).get("finished").asBoolean());
    assertThat(hub.json(hub.get(location)).get("replayed").asInt()).isEqualTo(30);
    jobs.forEach(job -> hub.await(job, "delivered"));
    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactlyElementsOf(
            jobs.stream().map(j -> hub.job(j).get("objectIds").get(0).asText()).toList());
    assertThat(hub.state(elsewhere)).isEqualTo("dead");
    operate("/v1/jobs/" + elsewhere + "/discard");
    await().untilAsserted(() -> assertThat(broker.count(LETTERS)).isZero());
    assertThat(hub.post("/v1/replays", "{\"chanel\":\"x\"}").body()).contains("did you mean");
  }

  @Test
  void a_paused_account_s_jobs_wait_and_say_so_and_go_on_when_resumed() {
    operate("/v1/accounts/acme/goes-on/pause");
    String job = submit("goes-on", "paused");
    String free = submit("other", "free");
    hub.await(free, "delivered");
    JsonNode waiting = hub.job(job);
    assertThat(waiting.get("waitsFor").get("kind").asText()).isEqualTo("paused");
    assertThat(waiting.get("waitsFor").get("text").asText()).contains("paused by admin");
    operate("/v1/accounts/acme/goes-on/resume");
    hub.await(job, "delivered");
  }

  @Test
  void a_paused_connector_stops_all_of_its_accounts() {
    operate("/v1/connectors/http-connector/pause");
    String one = submit("goes-on", "one");
    String two = submit("other", "two");
    assertThat(hub.job(one).get("waitsFor").get("kind").asText()).isEqualTo("paused");
    assertThat(hub.job(two).get("waitsFor").get("kind").asText()).isEqualTo("paused");
    assertThat(channel.calls()).isEmpty();
    operate("/v1/connectors/http-connector/resume");
    hub.await(one, "delivered");
    hub.await(two, "delivered");
    assertThat(operate("/v1/connectors/nobody/pause").statusCode()).isEqualTo(404);
  }

  @Test
  void a_waiting_job_is_cancelled_at_once_and_one_in_a_claimed_run_before_its_call()
      throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    channel.behave(
        call -> {
          if (call.objectId().equals("slow")) {
            inCall.countDown();
            goOn.await();
          }
          return Answer.of(200);
        });
    List<String> jobs =
        hub.submit(
            "["
                + TestHub.job("acme", "goes-on", "product", "slow")
                + ","
                + TestHub.job("acme", "goes-on", "product", "second")
                + ","
                + TestHub.job("acme", "goes-on", "product", "third")
                + ","
                + TestHub.job("acme", "goes-on", "product", "fourth")
                + "]");
    inCall.await();
    assertThat(hub.state(jobs.get(0))).isEqualTo("delivering");
    assertThat(operate("/v1/jobs/" + jobs.get(2) + "/cancel").statusCode()).isEqualTo(202);
    goOn.countDown();
    hub.await(jobs.get(3), "delivered");
    assertThat(hub.state(jobs.get(2))).isEqualTo("cancelled");
    assertThat(hub.state(jobs.get(1))).isEqualTo("delivered");
    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactly("slow", "second", "fourth");
    assertThat(operate("/v1/jobs/" + jobs.get(3) + "/cancel").statusCode()).isEqualTo(409);
  }

  @Test
  void a_job_that_waits_to_be_retried_is_cancelled_and_its_key_goes_on() {
    channel.behave(
        call ->
            call.objectId().equals("retries")
                ? Answer.of(503, "Retry-After", "600")
                : Answer.of(200));
    String job = submit("goes-on", "retries");
    String next = submit("goes-on", "next");
    await().until(() -> hub.job(job).get("attempts").size() == 1);
    await().until(() -> hub.job(next).get("waitsFor").get("kind").asText().equals("lane"));
    operate("/v1/jobs/" + job + "/cancel");
    hub.await(next, "delivered");
    assertThat(hub.state(job)).isEqualTo("cancelled");
  }

  @Test
  void accounts_are_shown_with_their_standing() {
    HttpResponse<String> answer = hub.get("/v1/accounts");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode accounts = hub.json(answer).get("accounts");
    assertThat(accounts).hasSize(3);
    assertThat(accounts.get(0).get("connector").asText()).isEqualTo("http-connector");
  }
}
