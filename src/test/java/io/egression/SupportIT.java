package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.StubServer.Answer;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What support people ask: why is it missing, how does everything stand, what died and why. */
class SupportIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> WRONG = ConcurrentHashMap.newKeySet();
  private static final String LATER = "\"notBefore\":\"2999-01-01T00:00:00Z\"";

  private static StubServer server;
  private static TestHub hub;
  private static String betaKey;

  @BeforeAll
  static void start() {
    server =
        new StubServer(
            call ->
                call.uri().getPath().startsWith("/locked")
                    ? Answer.of(401)
                    : Answer.of(WRONG.contains(call.objectId()) ? 422 : 200));
    String locked =
        TestHub.account("locked", server, "payload: reference", "partitionBy: object")
            .replace("/\"", "/locked\"");
    hub =
        TestHub.prepare()
            .file(
                "http-connector.connector.yaml",
                "limits:\n  - {name: calls, permits: 600, per: 60s, burst: 60}\n")
            .accounts(
                "acme",
                TestHub.account("shop", server, "payload: reference", "partitionBy: object"),
                TestHub.account("holds", server, "payload: reference", "onDead: hold"),
                locked)
            .accounts("beta", TestHub.account("market", server, "payload: reference"))
            .start();
    betaKey = TestKey.of(hub, "viewer", "beta");
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  private static JsonNode object(String type, String id) {
    String encoded = URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    HttpResponse<String> answer = hub.get("/v1/objects/" + type + "/" + encoded);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return hub.json(answer);
  }

  private static JsonNode channel(JsonNode object, String channel) {
    for (JsonNode each : object.get("channels")) {
      if (each.get("channel").asText().equals(channel)) {
        return each;
      }
    }
    throw new AssertionError(channel + " is not in " + object);
  }

  private static String submit(String channel, String id, String... more) {
    return hub.submit(TestHub.job("acme", channel, "product", id, more)).get(0);
  }

  @Test
  void an_object_that_was_delivered_here_was_never_handed_over_there() {
    String job = submit("shop", "known");
    hub.await(job, "delivered");
    JsonNode known = object("product", "known");
    JsonNode shop = channel(known, "shop");
    assertThat(shop.get("state").asText()).isEqualTo("delivered");
    assertThat(shop.get("text").asText()).startsWith("The update was delivered at ");
    assertThat(shop.get("job").asText()).isEqualTo(job);
    assertThat(shop.get("delivered").get("job").asText()).isEqualTo(job);
    assertThat(shop.get("next").get("kind").asText()).isEqualTo("none");
    JsonNode market = channel(known, "market");
    assertThat(market.get("state").asText()).isEqualTo("none");
    assertThat(market.get("next").get("kind").asText()).isEqualTo("submit");
    assertThat(known.get("channels").get(0).get("channel").asText()).isEqualTo("shop");
  }

  @Test
  void a_dead_object_says_why_and_its_next_step_delivers_it() {
    hub.await(submit("shop", "wrong"), "delivered");
    WRONG.add("wrong");
    String job = submit("shop", "wrong");
    hub.await(job, "dead");
    JsonNode shop = channel(object("product", "wrong"), "shop");
    assertThat(shop.get("state").asText()).isEqualTo("dead");
    assertThat(shop.get("text").asText()).contains("given up").contains("422");
    assertThat(shop.get("delivered").get("job").asText()).isNotEqualTo(job);
    WRONG.remove("wrong");
    String request = shop.get("next").get("request").asText();
    assertThat(request).isEqualTo("POST /v1/jobs/" + job + "/replay");
    assertThat(hub.post(request.substring(5), "").statusCode()).isEqualTo(202);
    hub.await(job, "delivered");
    assertThat(channel(object("product", "wrong"), "shop").get("state").asText())
        .isEqualTo("delivered");
  }

  @Test
  void a_job_behind_a_dead_one_points_to_the_dead_one() {
    WRONG.add("first");
    String first = submit("holds", "first");
    hub.await(first, "dead");
    submit("holds", "second");
    JsonNode held = channel(object("product", "second"), "holds");
    assertThat(held.get("waitsFor").get("kind").asText()).isEqualTo("hold");
    assertThat(held.get("next").get("kind").asText()).isEqualTo("replay");
    assertThat(held.get("next").get("request").asText()).contains(first);
    WRONG.remove("first");
  }

  @Test
  void an_account_with_wrong_credentials_is_to_be_resumed() {
    submit("locked", "a");
    await()
        .untilAsserted(
            () ->
                assertThat(channel(object("product", "a"), "locked").get("waitsFor").get("kind"))
                    .hasToString("\"paused\""));
    String behind = submit("locked", "b", LATER);
    JsonNode locked = channel(object("product", "a"), "locked");
    assertThat(locked.get("text").asText()).contains("status 401");
    assertThat(locked.get("next").get("request").asText())
        .isEqualTo("POST /v1/accounts/acme/locked/resume");
    JsonNode scheduled = channel(object("product", "b"), "locked");
    assertThat(scheduled.get("job").asText()).isEqualTo(behind);
    assertThat(scheduled.get("next").get("until").asText()).isEqualTo("2999-01-01T00:00:00Z");
    String gated = submit("locked", "b");
    JsonNode waiting = channel(object("product", "b"), "locked");
    assertThat(waiting.get("job").asText()).isEqualTo(gated);
    assertThat(waiting.get("text").asText()).contains(behind);
    assertThat(waiting.get("next").get("until").asText()).isEqualTo("2999-01-01T00:00:00Z");
    JsonNode account = account("acme", "locked");
    assertThat(account.get("state").asText()).isEqualTo("paused");
    assertThat(account.get("text").asText()).contains("until an operator resumes it", "401");
    assertThat(account.get("backlog").asInt()).isEqualTo(3);
    assertThat(account.get("oldest").has("job")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"A/12 34", "/", "a/b/c", "100%", "%2F", "a+b c", "Größe", "a&b=c#d"})
  void an_object_is_found_whatever_its_id_is(String id) {
    String job = submit("shop", id, LATER);
    JsonNode found = object("product", id);
    assertThat(found.get("objectId").asText()).isEqualTo(id);
    assertThat(channel(found, "shop").get("job").asText()).isEqualTo(job);
  }

  @Test
  void a_key_sees_its_own_subscriptions_only() throws Exception {
    hub.await(submit("shop", "ours"), "delivered");
    WRONG.add("secret");
    hub.await(submit("shop", "secret"), "dead");
    for (String path : List.of("/v1/objects/product/ours", "/v1/overview", "/v1/dead-letters")) {
      HttpResponse<String> answer = TestHub.send(as(betaKey, path).GET().build());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).doesNotContain("acme").doesNotContain("locked");
    }
    assertThat(TestHub.send(as(betaKey, "/v1/dead-letters?subscription=acme").GET().build()).body())
        .isEqualTo("{\"groups\":[],\"more\":false}");
    try (Events events = new Events(betaKey)) {
      assertThat(events.next("overview").toString()).contains("beta").doesNotContain("acme");
    }
  }

  private static HttpRequest.Builder as(String key, String path) {
    return HttpRequest.newBuilder(hub.uri(path)).header("Authorization", "Bearer " + key);
  }

  private static JsonNode account(String subscription, String channel) {
    for (JsonNode connector : hub.json(hub.get("/v1/overview")).get("connectors")) {
      for (JsonNode account : connector.get("accounts")) {
        if (account.get("subscription").asText().equals(subscription)
            && account.get("channel").asText().equals(channel)) {
          return account;
        }
      }
    }
    throw new AssertionError("no account " + subscription + "/" + channel);
  }

  @Test
  void the_overview_counts_the_last_hour_and_shows_what_is_left_of_limits() {
    WRONG.add("counted-wrong");
    hub.await(submit("shop", "counted"), "delivered");
    hub.await(submit("shop", "counted-wrong"), "dead");
    await()
        .untilAsserted(
            () -> {
              JsonNode hour = account("acme", "shop").get("lastHour");
              assertThat(hour.get("delivered").asInt()).isPositive();
              assertThat(hour.get("failed").asInt()).isPositive();
              assertThat(hour.get("dead").asInt()).isPositive();
              assertThat(hour.get("accepted").asInt())
                  .isGreaterThanOrEqualTo(hour.get("delivered").asInt());
              assertThat(hour.get("minutes").get("delivered")).hasSize(60);
            });
    JsonNode limit = account("acme", "shop").get("limits").get(0);
    assertThat(limit.get("name").asText()).isEqualTo("calls");
    assertThat(limit.get("of").asInt()).isPositive();
    assertThat(limit.get("left").asInt()).isBetween(0, limit.get("of").asInt());
    assertThat(account("acme", "shop").get("dead").asInt()).isPositive();
  }

  @Test
  void dead_letters_are_grouped_by_reason() {
    WRONG.addAll(List.of("dead1", "dead2"));
    hub.await(submit("shop", "dead1"), "dead");
    hub.await(submit("shop", "dead2"), "dead");
    JsonNode groups =
        hub.json(hub.get("/v1/dead-letters?subscription=acme&channel=shop")).get("groups");
    assertThat(groups).hasSize(1);
    assertThat(groups.get(0).get("reason").asText()).contains("422");
    assertThat(groups.get(0).get("count").asInt()).isGreaterThanOrEqualTo(2);
    assertThat(groups.get(0).get("examples")).isNotEmpty();
    assertThat(hub.get("/v1/dead-letters?chanel=shop").statusCode()).isEqualTo(400);
  }

  @Test
  void a_stream_tells_everything_once_and_then_what_changes() throws Exception {
    try (Events events = new Events(hub.key())) {
      JsonNode all = events.next("overview");
      assertThat(all.get("connectors").get(0).get("accounts")).hasSize(4);
      hub.await(
          hub.submit(TestHub.job("beta", "market", "product", "streamed")).get(0), "delivered");
      JsonNode change = events.next("change");
      assertThat(change.get("connectors").get(0).get("accounts").toString()).contains("market");
    }
    HttpResponse<String> refused =
        TestHub.send(HttpRequest.newBuilder(hub.uri("/v1/events")).GET().build());
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(hub.post("/v1/events", "").statusCode()).isEqualTo(405);
  }

  @Test
  void a_revoked_key_s_stream_ends() throws Exception {
    TestKey.Made made = TestKey.make(hub, "viewer", "beta");
    try (Events events = new Events(made.key())) {
      events.next("overview");
      HttpRequest revoke = hub.request("/v1/keys/" + made.id()).DELETE().build();
      assertThat(TestHub.send(revoke).statusCode()).isEqualTo(200);
      await().atMost(Duration.ofSeconds(30)).until(events::hasEnded);
    }
  }

  /** Reads a stream of events. */
  private static final class Events implements AutoCloseable {
    private final InputStream body;
    private final BlockingQueue<String[]> events = new LinkedBlockingQueue<>();
    private volatile boolean ended;

    Events(String key) throws Exception {
      HttpResponse<InputStream> response =
          HttpClient.newHttpClient()
              .send(as(key, "/v1/events").build(), HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
      body = response.body();
      Thread reader = new Thread(this::read, "events");
      reader.setDaemon(true);
      reader.start();
    }

    private void read() {
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
        String event = "";
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith("event: ")) {
            event = line.substring(7);
          } else if (line.startsWith("data: ")) {
            events.add(new String[] {event, line.substring(6)});
          }
        }
      } catch (java.io.IOException e) {
        // closed by the test
      }
      ended = true;
    }

    JsonNode next(String name) throws Exception {
      while (true) {
        String[] event = events.poll(20, TimeUnit.SECONDS);
        assertThat(event).as("an event " + name).isNotNull();
        if (event[0].equals(name)) {
          return JSON.readTree(event[1]);
        }
      }
    }

    boolean hasEnded() {
      return ended;
    }

    @Override
    public void close() throws java.io.IOException {
      body.close();
    }
  }
}
