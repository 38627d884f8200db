package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What answers mean, and how calls end, over the real HTTP client. */
class OutcomeRulesIT {
  private static final String POLICY =
      """
      retry: {first: 50ms, factor: 1, most: 100ms, attempts: 3}
      timeouts: {connect: 1s, response: 5s, total: 1s}
      outcomes:
        - {status: 200, body: '.errors[0].extensions.code == "THROTTLED"', outcome: throttled, for: 100ms}
        - {status: 207, outcome: retry, failed: '.results[] | select(.ok | not) | .id'}
        - {status: 401, outcome: pause}
        - {status: 409, outcome: delivered}
      """;

  private static StubServer channel;
  private static StubServer elsewhere;
  private static ServerSocket dripping;
  private static TestHub hub;

  @BeforeAll
  static void start() throws IOException {
    channel = new StubServer(call -> Answer.of(200));
    elsewhere = new StubServer(call -> Answer.of(200));
    dripping = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread drips = new Thread(OutcomeRulesIT::drip);
    drips.setDaemon(true);
    drips.start();
    hub =
        TestHub.prepare()
            .file("http-connector.connector.yaml", POLICY)
            .accounts(
                "acme",
                TestHub.account("shop", channel, "payload: reference"),
                TestHub.account("other", channel, "payload: reference"),
                TestHub.account("pauses", channel, "payload: reference"),
                TestHub.account("drips", channel, "payload: reference")
                    .replace(channel.url(), "http://127.0.0.1:" + dripping.getLocalPort()))
            .start();
  }

  /** Answers a byte now and then, for ever: no socket timeout ever strikes. */
  private static void drip() {
    while (!dripping.isClosed()) {
      try {
        Socket socket = dripping.accept();
        Thread drips = new Thread(() -> dripInto(socket));
        drips.setDaemon(true);
        drips.start();
      } catch (IOException e) {
        return; // the test has ended
      }
    }
  }

  private static void dripInto(Socket socket) {
    try (socket;
        OutputStream out = socket.getOutputStream()) {
      out.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".getBytes());
      for (int i = 0; i < 600; i++) {
        out.write('x');
        out.flush();
        java.util.concurrent.locks.LockSupport.parkNanos(100_000_000);
      }
    } catch (IOException e) {
      return; // the hub has hung up, as it should
    }
  }

  @AfterAll
  static void stop() throws IOException {
    hub.close();
    channel.close();
    elsewhere.close();
    dripping.close();
  }

  @BeforeEach
  void reset() {
    channel.calls().clear();
  }

  private static String submit(String channel, String object) {
    return hub.submit(TestHub.job("acme", channel, "product", object)).get(0);
  }

  @Test
  void a_200_that_says_throttled_is_tried_again_and_not_held_against_the_job() {
    String throttled = "{\"errors\":[{\"extensions\":{\"code\":\"THROTTLED\"}}]}";
    channel.behave(call -> channel.calls().size() < 6 ? Answer.json(throttled) : Answer.of(200));
    JsonNode job = hub.await(submit("shop", "t"), "delivered");
    assertThat(job.get("attempts")).hasSize(6); // more than the three failures allowed
    assertThat(job.get("throttles").asInt()).isEqualTo(5);
  }

  @Test
  void of_a_partial_success_only_the_rest_is_sent_again_and_replay_sends_only_the_rest() {
    Set<String> refused = ConcurrentHashMap.newKeySet();
    refused.addAll(List.of("b", "c"));
    channel.behave(
        call -> {
          StringBuilder results = new StringBuilder();
          call.json()
              .get("objects")
              .forEach(
                  object ->
                      results
                          .append(results.length() == 0 ? "" : ",")
                          .append("{\"id\":\"")
                          .append(object.get("id").asText())
                          .append("\",\"ok\":")
                          .append(!refused.contains(object.get("id").asText()))
                          .append('}'));
          return new Answer(
              207,
              java.util.Map.of("Content-Type", "application/json"),
              "{\"results\":[" + results + "]}");
        });
    String job =
        hub.submit(
                TestHub.job("acme", "shop", "product", "a")
                    .replace("[\"a\"]", "[\"a\",\"b\",\"c\"]"))
            .get(0);
    JsonNode dead = hub.await(job, "dead");
    assertThat(dead.get("undelivered")).extracting(JsonNode::asText).containsExactly("b", "c");
    assertThat(channel.calls())
        .extracting(call -> call.json().get("objects").size())
        .containsExactly(3, 2, 2);
    assertThat(channel.calls())
        .extracting(call -> call.header("Idempotency-Key"))
        .containsExactly(job, job + "/1", job + "/1");
    refused.clear();
    channel.calls().clear();
    hub.post("/v1/jobs/" + job + "/replay", "");
    hub.await(job, "delivered");
    assertThat(channel.calls()).hasSize(1);
    assertThat(channel.calls().get(0).json().get("objects")).hasSize(2);
  }

  @Test
  void wrong_credentials_pause_the_account_until_an_operator_resumes_it() {
    channel.behave(call -> Answer.of(call.objectId().equals("p") ? 401 : 200));
    String job = submit("pauses", "p");
    await()
        .untilAsserted(
            () ->
                assertThat(hub.job(job).path("waitsFor").path("kind").asText())
                    .isEqualTo("paused"));
    assertThat(hub.job(job).get("waitsFor").get("text").asText()).contains("401");
    hub.await(submit("other", "free"), "delivered");
    channel.behave(call -> Answer.of(200));
    hub.post("/v1/accounts/acme/pauses/resume", "");
    hub.await(job, "delivered");
  }

  @Test
  void a_redirect_is_no_success_and_is_not_followed() {
    channel.behave(call -> Answer.of(302, "Location", elsewhere.url() + "/"));
    JsonNode job = hub.await(submit("shop", "r"), "dead");
    assertThat(job.get("reason").asText()).isEqualTo("status 302");
    assertThat(elsewhere.calls()).isEmpty();
  }

  @Test
  void a_job_that_fails_too_often_is_dead_with_the_number_of_attempts() {
    channel.behave(call -> Answer.of(500));
    JsonNode job = hub.await(submit("shop", "f"), "dead");
    assertThat(job.get("reason").asText()).isEqualTo("gave up after 3 failed attempts: status 500");
    assertThat(channel.calls()).hasSize(3);
  }

  @Test
  void the_http_client_never_repeats_a_call_by_itself() {
    channel.behave(
        call ->
            channel.calls().size() == 1 ? Answer.of(503, "Retry-After", "3600") : Answer.of(200));
    String job = submit("other", "once");
    await().until(() -> hub.job(job).get("attempts").size() == 1);
    JsonNode waiting = hub.job(job);
    assertThat(waiting.get("attempts").get(0).get("tookMillis").asInt()).isLessThan(2000);
    assertThat(channel.calls()).hasSize(1);
    assertThat(java.time.Instant.parse(waiting.get("waitsFor").get("until").asText()))
        .isAfter(java.time.Instant.now().plusSeconds(3000));
    hub.post("/v1/jobs/" + job + "/cancel", "");
    hub.await(job, "cancelled");
  }

  @Test
  void an_answer_that_drips_in_for_ever_ends_at_the_total_deadline() {
    String job = submit("drips", "d");
    JsonNode dead =
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> hub.job(job), j -> j.get("state").asText().equals("dead"));
    assertThat(dead.get("reason").asText()).contains("no answer: timeout");
    dead.get("attempts")
        .forEach(attempt -> assertThat(attempt.get("tookMillis").asInt()).isBetween(900, 3000));
  }
}
