package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.standardwebhooks.Webhook;
import io.egression.StubServer.Answer;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Who is woken at night is told once what for. */
class NotifierIT {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

  private static final String BATCH =
      """
      {"subscription": "acme", "source": "erp", "jobs": [
        {"channel": "dies", "action": "create", "objectType": "category", "objectIds": ["c"]},
        {"channel": "dies", "action": "create", "objectType": "product", "objectIds": ["p"]}]}
      """;

  @Test
  void a_paused_account_held_keys_and_many_deaths_are_told_once_signed_and_until_taken()
      throws Exception {
    AtomicBoolean down = new AtomicBoolean(true);
    try (StubServer receiver = new StubServer(call -> Answer.of(down.get() ? 500 : 204));
        StubServer channel =
            new StubServer(
                call -> Answer.of(call.uri().getPath().startsWith("/locked") ? 401 : 422));
        TestHub hub =
            TestHub.prepare()
                .with("egression.notify.url", receiver.url() + "/pager")
                .with("egression.notify.secret", SECRET)
                .with("egression.notify.dead", "2")
                .accounts(
                    "acme",
                    TestHub.account("locked", channel, "payload: reference")
                        .replace("/\"", "/locked\""),
                    TestHub.account("holds", channel, "payload: reference", "onDead: hold"),
                    TestHub.account("dies", channel, "payload: reference"))
                .start()) {
      hub.submit(TestHub.job("acme", "locked", "product", "a"));
      hub.submit(TestHub.job("acme", "holds", "product", "b"));
      hub.submit(TestHub.job("acme", "dies", "product", "c"));
      hub.submit(TestHub.job("acme", "dies", "product", "d"));
      await().atMost(Duration.ofSeconds(30)).until(() -> receiver.calls().size() >= 3);
      down.set(false);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> hub.number("SELECT count(*) FROM notice WHERE told_at IS NOT NULL") == 3);
      List<StubServer.Call> calls = List.copyOf(receiver.calls());
      assertThat(calls)
          .extracting(call -> call.json().get("type").asText())
          .contains("account.paused", "keys.held", "dead.growing")
          .hasSizeGreaterThan(3);
      StubServer.Call paused =
          calls.stream()
              .filter(call -> call.json().get("type").asText().equals("account.paused"))
              .findFirst()
              .orElseThrow();
      assertThat(paused.json().at("/data/subject").asText()).isEqualTo("acme/locked");
      assertThat(paused.json().at("/data/text").asText()).contains("status 401");
      HttpHeaders headers = HttpHeaders.of(paused.headers(), (name, value) -> true);
      new Webhook(SECRET).verify(paused.body(), headers); // throws if it is not right
      assertThat(
              calls.stream()
                  .filter(call -> call.json().get("type").asText().equals("account.paused"))
                  .map(call -> call.header("webhook-id"))
                  .distinct())
          .as("told again with the same id")
          .hasSize(1);
      String batch =
          hub.json(hub.post("/v1/batches", BATCH)).at("/batch/id").asText(); // its first belt dies
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  receiver.calls().stream()
                      .anyMatch(call -> call.body().contains("\"belt.blocked\"")));
      assertThat(receiver.calls().get(receiver.calls().size() - 1).json().at("/data/text").asText())
          .contains("Belt 1", "waits for an operator on acme/dies", "1 jobs of it are dead");
      assertThat(
              receiver.calls().get(receiver.calls().size() - 1).json().at("/data/subject").asText())
          .isEqualTo("acme/dies/" + batch + "/1");
      hub.execute("INSERT INTO ending_teller VALUES ('acme', 'webhook', NULL, 8, NULL)");
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  receiver.calls().stream()
                      .anyMatch(
                          call -> call.body().contains("The webhook takes no events of acme")));
      try (TestHub other = hub.anotherNode().start()) {
        int told = receiver.calls().size();
        assertThat(other.get("/health").statusCode()).isEqualTo(200);
        await()
            .during(Duration.ofSeconds(7))
            .atMost(Duration.ofSeconds(9))
            .until(() -> receiver.calls().size() == told);
      }
    }
  }
}
