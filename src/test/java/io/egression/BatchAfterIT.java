package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs that come after others: inside a batch, and where an account says so. */
class BatchAfterIT {
  private static final Set<String> REFUSED = ConcurrentHashMap.newKeySet();
  private static final Set<String> FAILING = ConcurrentHashMap.newKeySet();
  private static final Set<String> FAILED_ONCE = ConcurrentHashMap.newKeySet();

  /** Begun and taken, of each channel: {@code +a/id}, {@code -a/id}. */
  private static final List<String> LOG = new CopyOnWriteArrayList<>();

  private static StubServer shop;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    shop = new StubServer(BatchAfterIT::answer);
    hub =
        TestHub.prepare()
            .file("http-connector.connector.yaml", "retry: {first: 20ms, most: 20ms, jitter: 0}\n")
            .file("belts.yaml", "belts:\n  default: [[category], [product], [offer]]\n")
            .accounts("acme", account("a"), account("b"))
            .accounts("globex", account("a", "dependsOn: {offer: [product]}"))
            .start();
  }

  private static String account(String channel, String... more) {
    List<String> lines = new ArrayList<>(List.of("payload: reference", "partitionBy: object"));
    lines.addAll(List.of(more));
    return TestHub.account(channel, shop, lines.toArray(String[]::new));
  }

  private static Answer answer(Call call) {
    String name = call.json().get("channel").asText() + "/" + call.objectId();
    LOG.add("+" + name);
    if (REFUSED.contains(name)) {
      return Answer.of(422);
    }
    if (FAILING.contains(call.json().get("objectType").asText() + "/" + call.objectId())
        || (name.hashCode() % 3 == 0 && FAILED_ONCE.add(name))) {
      return Answer.of(503);
    }
    LOG.add("-" + name);
    return Answer.of(200);
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
  }

  @BeforeEach
  void reset() {
    REFUSED.clear();
    FAILING.clear();
    LOG.clear();
  }

  private static String job(String id, String... after) {
    return "{\"action\":\"create\",\"objectType\":\"category\",\"objectIds\":[\"%s\"]%s}"
        .formatted(
            id,
            after.length == 0
                ? ""
                : ",\"after\":[\"category/" + String.join("\",\"category/", after) + "\"]");
  }

  private static HttpResponse<String> post(String... jobs) {
    return hub.post(
        "/v1/batches",
        "{\"subscription\":\"acme\",\"source\":\"t\",\"jobs\":[" + String.join(",", jobs) + "]}");
  }

  /** The ids of its jobs on channel a, in their order. */
  private static List<String> accepted(String... jobs) {
    HttpResponse<String> answer = post(jobs);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    List<String> ids = new ArrayList<>();
    hub.json(answer)
        .get("jobs")
        .forEach(
            job -> {
              if (job.get("channel").asText().equals("a")) {
                ids.add(job.get("id").asText());
              }
            });
    return ids;
  }

  private static void assertOrder(String channel, String parent, String child) {
    assertThat(LOG.indexOf("-" + channel + "/" + parent))
        .isNotNegative()
        .isLessThan(LOG.indexOf("+" + channel + "/" + child));
  }

  @Test
  void children_come_after_their_parents_in_whatever_order_they_are_handed_over() {
    List<String> jobs = new ArrayList<>();
    for (int n = 40; n > 1; n--) {
      jobs.add(job("t" + n, "t" + n / 2)); // a heap: deepest first
    }
    jobs.add(job("t1"));
    List<String> ids = accepted(jobs.toArray(String[]::new));
    assertThat(hub.job(ids.get(39)).at("/objectIds/0").asText()).isEqualTo("t1");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> LOG.stream().filter(each -> each.startsWith("-")).count() == 80);
    for (String channel : List.of("a", "b")) {
      for (int n = 2; n <= 40; n++) {
        assertOrder(channel, "t" + n / 2, "t" + n);
      }
    }
  }

  @Test
  void a_dead_parent_holds_its_children_on_its_channel_and_replay_lets_them_go() {
    REFUSED.add("a/p");
    List<String> ids = accepted(job("p"), job("c", "p"), job("g", "c"), job("free"));
    hub.await(ids.get(0), "dead");
    hub.await(ids.get(3), "delivered");
    await().until(() -> LOG.contains("-b/g"));
    assertThat(hub.state(ids.get(1))).isEqualTo("gated");
    assertThat(hub.job(ids.get(1)).at("/waitsFor/job").asText()).isEqualTo(ids.get(0));
    REFUSED.clear();
    hub.post("/v1/jobs/" + ids.get(0) + "/replay", "");
    hub.await(ids.get(2), "delivered");
    assertOrder("a", "p", "c");
    assertOrder("a", "c", "g");
  }

  @Test
  void a_parent_that_is_given_up_or_whose_belt_is_released_lets_its_children_go() {
    REFUSED.addAll(List.of("a/d", "a/r"));
    List<String> ids = accepted(job("d"), job("dc", "d"));
    hub.await(ids.get(0), "dead");
    assertThat(hub.state(ids.get(1))).isEqualTo("gated");
    assertThat(hub.post("/v1/jobs/" + ids.get(0) + "/discard", "").statusCode()).isLessThan(300);
    hub.await(ids.get(1), "delivered");
    List<String> others = accepted(job("r"), job("rc", "r"));
    hub.await(others.get(0), "dead");
    assertThat(hub.state(others.get(1))).isEqualTo("gated");
    String batch = hub.job(others.get(0)).get("batch").asText();
    hub.post("/v1/batches/" + batch + "/release", "{\"belt\":1}");
    hub.await(others.get(1), "delivered");
    assertThat(hub.number("SELECT count(*) FROM lane WHERE unplaced <> 0")).isZero();
  }

  @Test
  void a_circle_is_refused_and_named() {
    HttpResponse<String> answer = post(job("x", "z"), job("y", "x"), job("z", "y"));
    assertThat(answer.statusCode()).isEqualTo(422);
    JsonNode fault = hub.json(answer).at("/errors/0");
    assertThat(fault.get("detail").asText())
        .contains("category/x after category/z after category/y after category/x");
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] IN ('x','y','z')"))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"after\":[\"category/nowhere\"] | the batch has no job of category/nowhere yet",
        "\"after\":[\"product/1\"] | product/1 is not of this belt or an earlier one",
        "\"after\":[\"thing/1\"] | thing/1 is not of this belt",
        "\"after\":[\"nonsense\"] | must be an array of at most 100 objects",
        "\"after\":\"category/1\" | must be an array of at most 100 objects",
      })
  void what_is_not_right_is_told(String member, String detail) {
    HttpResponse<String> answer = post(job("q").replace("}", "," + member + "}"));
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(hub.json(answer).at("/errors/0/pointer").asText()).endsWith("/after");
    assertThat(answer.body()).contains(detail);
  }

  @Test
  void in_a_stream_an_earlier_line_or_call_has_it() {
    String first = "{\"subscription\":\"acme\",\"source\":\"t\"}\n";
    HttpRequest.Builder request =
        hub.request("/v1/batches").setHeader("Content-Type", "application/x-ndjson");
    String wrong = first + job("s1") + "\n" + job("s3", "s2") + "\n" + job("s2", "s1");
    HttpResponse<String> refused =
        TestHub.send(
            request
                .setHeader("Idempotency-Key", "s")
                .POST(HttpRequest.BodyPublishers.ofString(wrong))
                .build());
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(hub.json(refused).at("/errors/0/pointer").asText()).isEqualTo("/3/after");
    String right = first + job("s1") + "\n" + job("s2", "s1") + "\n" + job("s3", "s2");
    HttpResponse<String> answer =
        TestHub.send(
            request
                .setHeader("Idempotency-Key", "s")
                .POST(HttpRequest.BodyPublishers.ofString(right))
                .build());
    assertThat(answer.statusCode()).isEqualTo(201);
    await().until(() -> LOG.contains("-a/s3") && LOG.contains("-b/s3"));
    assertOrder("a", "s1", "s2");
    assertOrder("b", "s2", "s3");
  }

  @Test
  void an_account_s_offers_wait_for_earlier_open_products_of_their_id() {
    FAILING.add("product/17");
    String product = hub.submit(TestHub.job("globex", "a", "product", "17")).get(0);
    String offer = hub.submit(TestHub.job("globex", "a", "offer", "17")).get(0);
    hub.await(hub.submit(TestHub.job("globex", "a", "offer", "18")).get(0), "delivered");
    assertThat(hub.state(offer)).isEqualTo("gated");
    assertThat(hub.job(offer).at("/waitsFor/job").asText()).isEqualTo(product);
    FAILING.clear();
    hub.await(offer, "delivered");
    assertThat(hub.state(product)).isEqualTo("delivered");
    hub.await(hub.submit(TestHub.job("globex", "a", "offer", "17")).get(0), "delivered");
  }
}
