package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Behaviour;
import io.egression.StubServer.Call;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens of accounts: each test has an account of its own, named as its path at the endpoint. */
class OAuth2IT {
  private static final SecretFiles SECRETS =
      new SecretFiles().with("client", "client s3cret&").with("refresh", "first-refresh-token");

  private static final Map<String, Behaviour> ENDPOINT = new ConcurrentHashMap<>();
  private static final Map<String, Behaviour> CHANNEL = new ConcurrentHashMap<>();

  private static StubServer tokens;
  private static StubServer channel;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    tokens =
        new StubServer(
            call ->
                ENDPOINT
                    .getOrDefault(call.uri().getPath().substring(1), any -> token("t"))
                    .answer(call));
    channel =
        new StubServer(
            call ->
                CHANNEL
                    .getOrDefault(call.header("Egression-Channel"), any -> Answer.of(200))
                    .answer(call));
    StubServer gone = new StubServer(call -> Answer.of(200));
    gone.close();
    hub =
        TestHub.prepare()
            .accounts(
                "acme",
                account("many", tokens, "scopes: [read, write]"),
                account("body", tokens, "clientIn: body"),
                account("refresh", tokens, "refreshToken: '" + file("refresh") + "'"),
                account("down", gone),
                account("slow", tokens),
                account("wrong", tokens),
                account("html", tokens),
                account("endless", tokens),
                account("withdrawn", tokens),
                account("fresh", tokens),
                account("storm", tokens))
            .start();
  }

  private static String file(String secret) {
    return SECRETS.placeholder(secret);
  }

  private static String account(String name, StubServer endpoint, String... more) {
    String method =
        String.join("", more).contains("refreshToken")
            ? "oauth2RefreshToken"
            : "oauth2ClientCredentials";
    return TestHub.account(
        name,
        channel,
        "payload: reference",
        "partitionBy: object",
        "authentication:",
        "  method: " + method,
        "  tokenUrl: \"" + endpoint.url() + "/" + name + "\"",
        "  clientId: 'client:1'",
        "  clientSecret: '" + file("client") + "'",
        more.length == 0 ? "" : "  " + more[0]);
  }

  private static Answer token(String value) {
    return Answer.json(
        "{\"access_token\":\"" + value + "\",\"token_type\":\"Bearer\",\"expires_in\":3600}");
  }

  @AfterAll
  static void stop() {
    hub.close();
    channel.close();
    tokens.close();
  }

  private static String submit(String account, String object) {
    return hub.submit(TestHub.job("acme", account, "product", object)).get(0);
  }

  private static List<Call> asked(String account) {
    return tokens.calls().stream()
        .filter(call -> call.uri().getPath().equals("/" + account))
        .toList();
  }

  private static List<Call> called(String account) {
    return channel.calls().stream()
        .filter(call -> account.equals(call.header("Egression-Channel")))
        .toList();
  }

  private static void awaitReason(String id, String reason) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(hub.job(id).path("waitsFor").path("text").asText()).contains(reason));
  }

  @Test
  void many_jobs_at_once_share_one_token() {
    ENDPOINT.put("many", call -> token("shared"));
    String jobs =
        IntStream.range(0, 60)
            .mapToObj(n -> TestHub.job("acme", "many", "product", "p" + n))
            .collect(Collectors.joining(",", "[", "]"));
    hub.submit(jobs).forEach(id -> hub.await(id, "delivered"));
    assertThat(called("many"))
        .hasSize(60)
        .allMatch(call -> call.header("Authorization").equals("Bearer shared"));
    assertThat(asked("many")).hasSize(1);
    Call call = asked("many").get(0);
    assertThat(call.body()).isEqualTo("grant_type=client_credentials&scope=read+write");
    assertThat(call.header("Authorization"))
        .isEqualTo(
            "Basic "
                + Base64.getEncoder()
                    .encodeToString(
                        "client%3A1:client+s3cret%26".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void the_client_s_id_and_secret_may_go_into_the_body() {
    hub.await(submit("body", "1"), "delivered");
    assertThat(asked("body").get(0).body())
        .isEqualTo(
            "grant_type=client_credentials&client_id=client%3A1&client_secret=client+s3cret%26");
    assertThat(asked("body").get(0).header("Authorization")).isNull();
  }

  @Test
  void a_refresh_token_is_replaced_when_the_answer_has_another() {
    AtomicInteger number = new AtomicInteger();
    CHANNEL.put(
        "refresh",
        call ->
            Answer.of(call.header("Authorization").equals("Bearer t" + number.get()) ? 200 : 401));
    ENDPOINT.put(
        "refresh",
        call ->
            Answer.json(
                "{\"access_token\":\"t"
                    + number.incrementAndGet()
                    + "\",\"expires_in\":\"3600\",\"refresh_token\":\"next-refresh-token\"}"));
    hub.await(submit("refresh", "1"), "delivered");
    number.set(7); // the connector lets the first token in no more
    hub.await(submit("refresh", "2"), "delivered");
    assertThat(asked("refresh"))
        .extracting(Call::body)
        .containsExactly(
            "grant_type=refresh_token&refresh_token=first-refresh-token",
            "grant_type=refresh_token&refresh_token=next-refresh-token");
  }

  @Test
  void a_token_endpoint_that_is_down_delays_the_job_visibly_and_counts_no_attempt() {
    String id = submit("down", "1");
    awaitReason(id, "delayed: token endpoint: no answer: connect");
    assertThat(hub.job(id).get("attempts")).isEmpty();
    hub.post("/v1/jobs/" + id + "/cancel", "");
    hub.await(id, "cancelled");
  }

  @Test
  void a_slow_token_endpoint_delays_its_account_alone() {
    CountDownLatch latch = new CountDownLatch(1);
    ENDPOINT.put(
        "slow",
        call -> {
          latch.await();
          return token("late");
        });
    String id = submit("slow", "1");
    awaitReason(id, "its access token is being fetched");
    hub.await(submit("fresh", "while-the-other-waits"), "delivered");
    latch.countDown();
    hub.await(id, "delivered");
    assertThat(asked("slow")).hasSize(1);
    assertThat(hub.job(id).get("attempts")).hasSize(1);
  }

  @Test
  void wrong_credentials_pause_the_account_until_an_operator_resumes_it() {
    ENDPOINT.put(
        "wrong",
        call ->
            new Answer(
                400,
                Map.of(),
                "{\"error\":\"invalid_client\",\"error_description\":\"client s3cret&\"}"));
    String id = submit("wrong", "1");
    awaitReason(id, "token endpoint: invalid_client (status 400): are the account's credentials");
    assertThat(hub.job(id).get("waitsFor").get("kind").asText()).isEqualTo("paused");
    assertThat(asked("wrong")).hasSize(1);
    ENDPOINT.put("wrong", call -> token("right"));
    hub.post("/v1/accounts/acme/wrong/resume", "");
    hub.await(id, "delivered");
  }

  @Test
  void an_answer_that_is_not_json_delays_the_job_until_there_is_a_token() {
    ENDPOINT.put("html", call -> new Answer(200, Map.of(), "<html>Welcome</html>"));
    String id = submit("html", "1");
    awaitReason(id, "token endpoint: its answer is not a JSON object");
    ENDPOINT.put("html", call -> Answer.json("{\"token\":\"of another form\"}"));
    awaitReason(id, "token endpoint: its answer has no bearer token");
    ENDPOINT.put("html", call -> token("at-last"));
    hub.await(id, "delivered");
  }

  @Test
  void a_token_without_an_end_is_used_for_a_while() {
    ENDPOINT.put("endless", call -> Answer.json("{\"access_token\":\"endless\"}"));
    hub.await(submit("endless", "1"), "delivered");
    hub.await(submit("endless", "2"), "delivered");
    assertThat(asked("endless")).hasSize(1);
  }

  @Test
  void a_token_that_is_refused_after_it_was_let_in_is_replaced_once() {
    AtomicInteger number = new AtomicInteger();
    AtomicInteger valid = new AtomicInteger(1);
    ENDPOINT.put("withdrawn", call -> token("t" + number.incrementAndGet()));
    CHANNEL.put(
        "withdrawn",
        call ->
            Answer.of(call.header("Authorization").equals("Bearer t" + valid.get()) ? 200 : 401));
    hub.await(submit("withdrawn", "1"), "delivered");
    valid.set(2);
    JsonNode replaced = hub.await(submit("withdrawn", "2"), "delivered");
    assertThat(replaced.get("attempts")).hasSize(2);
    assertThat(replaced.get("attempts").get(0).get("status").asInt()).isEqualTo(401);
    assertThat(number).hasValue(2);

    valid.set(0);
    String refused = submit("withdrawn", "3");
    awaitReason(refused, "status 401: are its credentials right?");
    assertThat(hub.job(refused).get("attempts")).hasSize(2);
    assertThat(number).hasValue(3);
  }

  @Test
  void a_failing_token_endpoint_is_asked_ever_more_seldom_however_many_jobs_wait() {
    List<Long> times = new CopyOnWriteArrayList<>();
    ENDPOINT.put(
        "storm",
        call -> {
          times.add(System.nanoTime());
          return times.size() < 4 ? Answer.of(503) : token("calm");
        });
    List<String> ids = IntStream.range(0, 40).mapToObj(n -> submit("storm", "p" + n)).toList();
    ids.forEach(id -> hub.await(id, "delivered"));
    assertThat(times).hasSize(4);
    List<Long> gaps =
        IntStream.range(1, 4)
            .mapToObj(n -> Duration.ofNanos(times.get(n) - times.get(n - 1)).toMillis())
            .toList();
    assertThat(gaps.get(0)).isGreaterThanOrEqualTo(700L);
    assertThat(gaps.get(1)).isGreaterThanOrEqualTo(1500L);
    assertThat(gaps.get(2)).isGreaterThanOrEqualTo(3000L);
  }
}
