package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestHub;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Promise 6: for any job the API says what happened and what it waits for. */
class ExplainedIT {
  private StubServer channel;
  private TestHub hub;

  @BeforeEach
  void start() {
    channel = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .accounts(
                "acme", TestHub.account("shop", channel, "payload: reference", "onDead: hold"))
            .start();
  }

  @AfterEach
  void stop() {
    hub.close();
    channel.close();
  }

  private String submit(String object, String... more) {
    return hub.submit(TestHub.job("acme", "shop", "product", object, more)).get(0);
  }

  private JsonNode awaitWaitsFor(String job, String kind) {
    await()
        .untilAsserted(
            () -> assertThat(hub.job(job).path("waitsFor").path("kind").asText()).isEqualTo(kind));
    return hub.job(job).get("waitsFor");
  }

  @Test
  void a_job_behind_a_retrying_one_says_which_and_why() {
    channel.behave(call -> Answer.of(503, "Retry-After", "60"));
    String first = submit("first");
    JsonNode retry = awaitWaitsFor(first, "retry");
    assertThat(retry.get("text").asText()).contains("status 503");
    assertThat(Instant.parse(retry.get("until").asText())).isAfter(Instant.now().plusSeconds(30));
    JsonNode behind = awaitWaitsFor(submit("second"), "lane");
    assertThat(behind.get("job").asText()).isEqualTo(first);
    assertThat(behind.get("text").asText()).contains("status 503");
  }

  @Test
  void a_job_behind_a_scheduled_one_of_its_object_says_so() {
    String later = submit("x", "\"notBefore\":\"" + Instant.now().plusSeconds(300) + "\"");
    assertThat(awaitWaitsFor(later, "schedule").has("until")).isTrue();
    String update = submit("x");
    assertThat(hub.state(update)).isEqualTo("gated");
    assertThat(awaitWaitsFor(update, "object").get("job").asText()).isEqualTo(later);
    hub.post("/v1/jobs/" + later + "/cancel", "");
    hub.await(update, "delivered");
  }

  @Test
  void a_held_key_names_the_dead_job_and_a_call_in_progress_is_seen() throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    channel.behave(
        call -> {
          inCall.countDown();
          goOn.await();
          return Answer.of(422);
        });
    String dead = submit("dead");
    inCall.await();
    assertThat(hub.state(dead)).isEqualTo("delivering");
    assertThat(hub.job(dead).get("waitsFor").get("kind").asText()).isEqualTo("call");
    String next = submit("next");
    assertThat(awaitWaitsFor(next, "lane").get("text").asText()).contains("being delivered");
    goOn.countDown();
    assertThat(awaitWaitsFor(next, "hold").get("job").asText()).isEqualTo(dead);
  }

  @Test
  void a_final_job_waits_for_nothing_and_its_timeline_has_every_step() {
    JsonNode job = hub.await(submit("a"), "delivered");
    assertThat(job.has("waitsFor")).isFalse();
    List<String> steps = job.get("timeline").findValuesAsText("what");
    assertThat(steps).containsExactly("accepted", "attempt 1: delivered", "delivered");
  }
}
