package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Who gets in, and to what. */
class AccessIT {
  private static final String BOUND = "egr_bound";
  private static final String VIEWER = "egr_viewer";
  private static final String REVOKED = "egr_revoked";

  private static final Set<Integer> PORTS_BEFORE = ListeningPorts.ofThisProcess();
  private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();
  private static StubServer server;
  private static TestHub hub;
  private static Set<Integer> portsOfTheHub;

  @BeforeAll
  static void start() {
    root().addAppender(LOG);
    LOG.start();
    hub = TestHub.prepare().with("egression.metadata.url", "http://127.0.0.1:1").start();
    portsOfTheHub = new TreeSet<>(ListeningPorts.ofThisProcess());
    portsOfTheHub.removeAll(PORTS_BEFORE);
    server = new StubServer(call -> Answer.json("{}"));
    key(BOUND, "producer", "ARRAY['acme']", "NULL");
    key(VIEWER, "viewer", "NULL", "NULL");
    key(REVOKED, "admin", "NULL", "now()");
    hub.stop(); // keys are read at the start
    hub.metadata(server)
        .accounts("acme", TestHub.account("webshop", server))
        .accounts("globex", TestHub.account("webshop", server))
        .start();
  }

  @AfterAll
  static void stop() {
    root().detachAppender(LOG);
    hub.close();
    server.close();
  }

  private static Logger root() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  private static void key(String key, String role, String subscriptions, String revoked) {
    hub.number(
        "INSERT INTO access_key (key_id, name, hash, role, subscriptions, revoked_at) VALUES"
            + " (gen_random_uuid(), '%s', decode('%s', 'hex'), '%s', %s, %s) RETURNING 1"
                .formatted(key, sha256(key), role, subscriptions, revoked));
  }

  private static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- without a key

  @ParameterizedTest
  @ValueSource(
      strings = {
        "//",
        "/page",
        "/page/",
        "/page/app.js/",
        "/page/../v1/jobs",
        "/page/app.js/../../v1/jobs",
        "/page/..%2fv1/jobs",
        "/page/%61pp.js",
        "/page/nothing.js",
        "/v1/jobs",
        "/v1/jobs/",
        "//v1/jobs",
        "/v1//jobs",
        "/v1/jobs//",
        "/v1/./jobs",
        "/./v1/jobs",
        "/v1/x/../jobs",
        "/v1/%6aobs",
        "/v1/%6Aobs",
        "/%761/jobs",
        "/v1%2fjobs",
        "/V1/JOBS",
        "/v1/jobs;a=b",
        "/v1/jobs/00000000-0000-0000-0000-000000000000",
        "/v1/accounts",
        "/v1/accounts/acme/webshop/pause",
        "/nothing",
        "/health/",
        "//health",
        "/./health",
        "/health/.",
        "/health/../v1/jobs",
        "/health/..%2fv1/jobs",
        "/health%2f..",
        "/health%00",
        "/health;x",
        "/health/x",
        "/healthx",
        "/%68ealth",
        "/HEALTH",
        "/x/../health",
        "/v1/jobs/../../health",
        "/v1/jobs?/health",
        "/v1/jobs#/health",
        "http://127.0.0.1/v1/jobs",
        "http://127.0.0.1/health/",
        "http://127.0.0.1//v1/jobs"
      })
  void nothing_answers_without_a_key(String target) {
    for (String method : List.of("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE")) {
      for (String version : List.of("HTTP/1.1", "HTTP/1.0")) {
        String request =
            "%s %s %s\r\nHost: hub\r\nContent-Length: 0\r\n%s\r\n"
                .formatted(method, target, version, "Connection: close\r\n");
        assertThat(statusOf(RawHttp.ask(hub, request))).as(request).isEqualTo(401);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET http://127.0.0.1:1@/v1/jobs HTTP/1.1\r\nHost: hub\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET v1/jobs HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET \\v1\\jobs HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET /v1/jobs/%zz HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET /v1/jobs?%zz HTTP/1.1\r\nHost: hub\r\n\r\n",
        "get /v1/jobs HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET /v1/jobs HTTP/1.1\r\nHost: hub\r\nX-Original-URL: /health\r\n\r\n",
        "GET /v1/jobs HTTP/1.1\r\nHost: hub\r\nX-Rewrite-URL: /health\r\n\r\n",
        "GET /v1/jobs HTTP/1.1\r\nHost: hub/health\r\n\r\n",
        "GET /v1/jobs HTTP/1.1\r\nHost: hub\r\nX-Forwarded-Prefix: /health\r\n\r\n",
        "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET /v1/jobs\r\n\r\n",
        "GET /v1/jobs HTTP/9.9\r\nHost: hub\r\n\r\n",
        "POST /v1/jobs HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
        "POST /v1/jobs HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
      })
  void nothing_odd_gets_in(String request) {
    // 404: what is no path at all, not even the gate's.
    assertThat(statusOf(RawHttp.ask(hub, request))).isIn(400, 401, 404, 501, 505);
  }

  @Test
  void a_request_behind_an_open_one_on_its_connection_needs_a_key() {
    String health = "GET /health HTTP/1.1\r\nHost: hub\r\n\r\n";
    String jobs = "GET /v1/jobs HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n";
    assertThat(RawHttp.ask(hub, health + jobs))
        .startsWith("HTTP/1.1 200 ")
        .contains("HTTP/1.1 401 ")
        .doesNotContain("\"jobs\"");

    String allowed =
        "GET /v1/jobs HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\n\r\n"
            .formatted(hub.key());
    assertThat(RawHttp.ask(hub, allowed + jobs))
        .startsWith("HTTP/1.1 200 ")
        .contains("HTTP/1.1 401 ");
  }

  @Test
  void a_connection_upgraded_to_http_2_needs_a_key() {
    for (String path : List.of("/v1/jobs", "/health/", "/nothing")) {
      HttpResponse<String> answer = TestHub.send(HttpRequest.newBuilder(hub.uri(path)).build());
      assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
      assertThat(answer.statusCode()).as(path).isEqualTo(401);
    }
  }

  @Test
  void a_refusal_says_what_to_send() {
    HttpResponse<String> answer = TestHub.send(HttpRequest.newBuilder(hub.uri("/v1/jobs")).build());
    JsonNode problem = Problems.assertThatIs(answer, 401, "unauthorized");
    assertThat(problem.get("detail").asText()).contains("Authorization: Bearer");
    assertThat(answer.headers().firstValue("WWW-Authenticate"))
        .hasValue("Bearer realm=\"egression\"");
  }

  @Test
  void health_answers_everyone_and_says_only_what_is_up() {
    for (String target : List.of("/health", "/health?x=/v1/jobs", "http://127.0.0.1/health")) {
      String answer =
          RawHttp.ask(hub, "GET " + target + " HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
      assertThat(answer)
          .as(target)
          .startsWith("HTTP/1.1 200 ")
          .contains("{\"status\":\"up\",\"reasons\":[],\"ledger\":\"up\",\"broker\":\"up\",")
          .contains("\"configuration\":\"agreed\",\"repairs\":0}");
    }
    for (String method : List.of("POST", "PUT", "DELETE", "TRACE", "OPTIONS", "PATCH")) {
      HttpRequest request =
          HttpRequest.newBuilder(hub.uri("/health"))
              .method(method, BodyPublishers.noBody())
              .build();
      Problems.assertThatIs(TestHub.send(request), 405, "no-such-method");
    }
  }

  // ---- keys

  @Test
  void a_key_is_taken_whole_or_not_at_all() {
    String key = hub.key();
    List<String> wrong =
        List.of(
            "",
            "Bearer",
            "Bearer ",
            "Bearer null",
            "Bearer " + key.substring(0, key.length() - 1),
            "Bearer " + key + "x",
            "Bearer " + key.toUpperCase(Locale.ROOT),
            "Bearer " + sha256(key),
            "Bearer " + key + "," + key,
            "Bearer x Bearer " + key,
            "Bearer" + key,
            key,
            "Basic " + key,
            "Token " + key,
            "Bearer " + REVOKED);
    for (String authorization : wrong) {
      assertThat(status("/v1/jobs", "Authorization", authorization))
          .as(authorization)
          .isEqualTo(401);
    }
    for (String path : List.of("/v1/jobs?access_token=" + key, "/v1/jobs?Authorization=" + key)) {
      assertThat(TestHub.send(HttpRequest.newBuilder(hub.uri(path)).build()).statusCode())
          .isEqualTo(401);
    }
    // RFC 9110: the scheme's letters have no case.
    for (String scheme : List.of("Bearer ", "bearer ", "BEARER ", "Bearer  ")) {
      assertThat(status("/v1/jobs", "Authorization", scheme + key)).isEqualTo(200);
    }
  }

  @Test
  void of_two_keys_in_one_request_the_first_counts() {
    String request =
        "GET /v1/jobs HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n";
    assertThat(statusOf(RawHttp.ask(hub, request.formatted("wrong", hub.key())))).isEqualTo(401);
  }

  @ParameterizedTest
  @CsvSource({
    "Egression-Key-Id",
    "egression-key-id",
    "CamelVertxPlatformHttpAuthenticatedUser",
    "username"
  })
  void a_header_that_names_a_key_s_id_gives_nothing(String header) {
    String admin = adminId();
    assertThat(status("/v1/jobs", header, admin)).isEqualTo(401);

    String foreign = hub.submit(TestHub.job("globex", "webshop", "product", "foreign")).get(0);
    HttpRequest withBoundKey =
        HttpRequest.newBuilder(hub.uri("/v1/jobs/" + foreign))
            .header("Authorization", "Bearer " + BOUND)
            .header(header, admin)
            .build();
    assertThat(TestHub.send(withBoundKey).statusCode()).isEqualTo(404);
    HttpResponse<String> byQuery = as(BOUND, "/v1/jobs?" + header + "=" + admin);
    Problems.assertThatIs(byQuery, 400, "invalid-query");
  }

  private static String adminId() {
    return hub.text("SELECT key_id FROM access_key WHERE name = 'admin'");
  }

  @Test
  void the_first_key_is_for_its_owner_s_eyes_alone() throws IOException {
    Path file = hub.hub().adminKey();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(file).strip())
        .matches("egr_[A-Za-z0-9_-]{43}")
        .isEqualTo(hub.key());
    assertThat(hub.number("SELECT count(*) FROM access_key WHERE name = 'admin'")).isEqualTo(1);
    assertThat(
            hub.number(
                "SELECT count(*) FROM access_key WHERE hash = decode('%s', 'hex')"
                    .formatted(sha256(hub.key()))))
        .isEqualTo(1);
    assertThat(
            hub.number(
                "SELECT count(*) FROM access_key k WHERE k::text LIKE '%" + hub.key() + "%'"))
        .isZero();
  }

  @Test
  void no_key_is_in_the_log() {
    as(hub.key(), "/v1/jobs?nonsense=1");
    as("egr_wrong-but-secret", "/v1/jobs");
    assertThat(LOG.list)
        .anyMatch(line -> line.getFormattedMessage().contains("made the first key"))
        .noneMatch(line -> line.getFormattedMessage().contains(hub.key()))
        .noneMatch(line -> line.getFormattedMessage().contains("egr_wrong-but-secret"));
  }

  @Test
  void a_key_of_a_subscription_sees_and_submits_only_its_jobs() {
    String own = hub.submit(TestHub.job("acme", "webshop", "product", "own")).get(0);
    String foreign = hub.submit(TestHub.job("globex", "webshop", "product", "not-own")).get(0);

    assertThat(as(BOUND, "/v1/jobs/" + own).statusCode()).isEqualTo(200);
    HttpResponse<String> hidden = as(BOUND, "/v1/jobs/" + foreign);
    Problems.assertThatIs(hidden, 404, "no-such-job");
    HttpResponse<String> unknown = as(BOUND, "/v1/jobs/00000000-0000-0000-0000-000000000000");
    assertThat(hidden.body()).isEqualTo(unknown.body());

    assertThat(subscriptions("/v1/jobs?limit=500")).containsOnly("acme");
    assertThat(subscriptions("/v1/jobs?subscription=acme")).containsOnly("acme");
    assertThat(subscriptions("/v1/jobs?subscription=globex")).isEmpty();
    assertThat(subscriptions("/v1/jobs?object=product/not-own")).isEmpty();
    assertThat(subscriptions("/v1/jobs?cursor=" + foreign)).doesNotContain("globex");

    assertThat(submit(BOUND, TestHub.job("acme", "webshop", "product", "2")).statusCode())
        .isEqualTo(202);
    for (String job :
        List.of(
            TestHub.job("globex", "webshop", "product", "3"),
            TestHub.job("globe", "webshop", "product", "3"),
            TestHub.job("globex", "nix", "product", "3"))) {
      JsonNode error =
          Problems.assertThatIs(submit(BOUND, job), 422, "invalid-job").get("errors").get(0);
      assertThat(error.get("pointer").asText()).isEqualTo("/subscription");
      assertThat(error.get("detail").asText()).doesNotContain("did you mean");
    }
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] = '3'")).isZero();
  }

  @Test
  void a_key_of_a_subscription_gets_no_first_answer_of_another() {
    String job = TestHub.job("globex", "webshop", "product", "4", "\"idempotencyKey\":\"foreign\"");
    hub.submit(job);
    Problems.assertThatIs(submit(BOUND, job), 422, "invalid-job");
  }

  @Test
  void a_viewer_sees_everything_and_hands_over_nothing() {
    String job = TestHub.job("acme", "webshop", "product", "5");
    Problems.assertThatIs(submit(VIEWER, job), 403, "forbidden");
    String id = hub.submit(job).get(0);
    assertThat(as(VIEWER, "/v1/jobs/" + id).statusCode()).isEqualTo(200);
  }

  private static List<String> subscriptions(String path) {
    HttpResponse<String> answer = as(BOUND, path);
    assertThat(answer.statusCode()).isEqualTo(200);
    List<String> found = new java.util.ArrayList<>();
    hub.json(answer).get("jobs").forEach(job -> found.add(job.get("subscription").asText()));
    return found;
  }

  // ---- ports and moments

  @Test
  void the_hub_listens_on_its_one_port_only() {
    assertThat(portsOfTheHub).hasSize(1);
    assertThat(ListeningPorts.ofThisProcess()).contains(hub.hub().address().getPort());
  }

  @Test
  void at_no_moment_of_its_start_and_stop_does_it_serve_without_a_key() throws Exception {
    int port = TestBroker.freePort();
    URI address = URI.create("http://127.0.0.1:" + port);
    Set<String> answers = new ConcurrentSkipListSet<>();
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger asked = new AtomicInteger();
    List<Thread> threads =
        List.of("/v1/jobs", "/v1/accounts", "/v1/jobs/").stream()
            .map(path -> new Thread(() -> hammer(address, path, answers, over, asked)))
            .toList();
    threads.forEach(Thread::start);
    try (TestHub starting = TestHub.prepare().with("egression.http.port", String.valueOf(port))) {
      starting.start();
      int ready = asked.get();
      org.awaitility.Awaitility.await().until(() -> asked.get() > ready + 10);
    }
    over.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(answers).contains("401").isSubsetOf("401", "404", "none");
  }

  /** 404: nothing is there yet, or any more. */
  private static void hammer(
      URI address, String path, Set<String> answers, AtomicBoolean over, AtomicInteger asked) {
    String request = "GET " + path + " HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n";
    while (!over.get()) {
      try (Socket socket = new Socket(address.getHost(), address.getPort())) {
        socket.setSoTimeout(10_000);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String head = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        answers.add(head.length() == 12 ? head.substring(9) : "none");
        asked.incrementAndGet();
      } catch (IOException e) {
        Thread.onSpinWait(); // no port yet, or any more
      }
    }
  }

  // ---- helpers

  private static int statusOf(String answer) {
    assertThat(answer).matches("(?s)HTTP/\\d\\.\\d \\d{3} .*");
    return Integer.parseInt(answer.substring(9, 12));
  }

  private static int status(String path, String header, String value) {
    return TestHub.send(HttpRequest.newBuilder(hub.uri(path)).header(header, value).build())
        .statusCode();
  }

  private static HttpResponse<String> as(String key, String path) {
    return TestHub.send(
        HttpRequest.newBuilder(hub.uri(path)).header("Authorization", "Bearer " + key).build());
  }

  private static HttpResponse<String> submit(String key, String body) {
    return TestHub.send(
        HttpRequest.newBuilder(hub.uri("/v1/jobs"))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build());
  }
}
