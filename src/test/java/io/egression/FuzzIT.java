package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.Contract.Operation;
import io.egression.StubServer.Answer;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random and hostile requests made from the OpenAPI document: every answer is one that the document
 * knows, none is a fault of the hub's, and the ledger is as it should be. {@code -Degression.seed}
 * repeats a run.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FuzzIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SEED = Long.getLong("egression.seed", System.nanoTime());
  private static final int ROUNDS = Integer.getInteger("egression.fuzz.rounds", 60);
  private static final Pattern INSIDE =
      Pattern.compile("Exception|\\tat |\\bjava\\.|org\\.(apache|postgresql|spring)|SELECT |PSQL");

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "acme",
          "shop",
          "product",
          "0",
          "-1",
          "1e400",
          "99999999999999999999",
          "null",
          "true",
          "../../etc/passwd",
          "..",
          ".",
          "a/b",
          "%2F",
          "' OR 1=1 --",
          "\"; DROP TABLE job; --",
          "${jndi:ldap://x/y}",
          "{{env:HOME}}",
          "{{file:/etc/passwd}}",
          "${header.Authorization}",
          "<script>alert(1)</script>",
          "\u0000",
          "a\u0000b",
          "\r\nX-Injected: 1",
          "\u202egnp",
          "\ud83d\udc57",
          "\ufeff",
          "Größe",
          "x".repeat(600),
          "00000000-0000-0000-0000-000000000000",
          "2999-01-01T00:00:00Z",
          "2026-13-45T99:99:99Z",
          "CamelHttpUri",
          "[]",
          "{}");

  private static final List<String> BYTES =
      List.of("%ff", "%00", "%c0%af", "%e2%82", "%2e%2e", "%0d%0a");

  private static StubServer server;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    server = new StubServer(call -> Answer.of(call.body().contains("wrong") ? 422 : 200));
    hub =
        TestHub.prepare()
            .accounts(
                "acme",
                TestHub.account("shop", server, "payload: reference"),
                TestHub.account("other", server, "payload: reference", "partitionBy: object"))
            .start();
    hub.await(hub.submit(TestHub.job("acme", "shop", "product", "wrong")).get(0), "dead");
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  static Stream<Operation> operations() {
    return Contract.operations().stream()
        .filter(operation -> !operation.id().equals("streamOverview")); // it does not end
  }

  @ParameterizedTest
  @MethodSource("operations")
  @Order(1)
  void no_request_is_the_hub_s_fault(Operation operation) {
    Random random = new Random(SEED ^ operation.id().hashCode());
    for (int round = 0; round < ROUNDS; round++) {
      HttpRequest request = request(operation, random);
      String what = "seed %d, round %d: %s".formatted(SEED, round, request);
      HttpResponse<String> answer;
      try {
        answer = TestHub.send(request);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(what, e);
      }
      assertThat(answer.statusCode()).as(what + " " + answer.body()).isLessThan(500);
      assertThat(answer.headers().firstValue("X-Injected")).as(what).isEmpty();
      if (answer.statusCode() >= 400) {
        assertThat(answer.headers().firstValue("Content-Type"))
            .as(what)
            .hasValue("application/problem+json");
        assertThat(INSIDE.matcher(withoutEcho(answer.body())).find())
            .as(what + " " + answer.body())
            .isFalse();
      }
    }
  }

  /** What was sent may be said again. */
  private static String withoutEcho(String body) {
    return body.replace("SELECT", "").replace("java.", "java");
  }

  private static HttpRequest request(Operation operation, Random random) {
    StringBuilder path = new StringBuilder();
    for (String part : operation.path().substring(1).split("/")) {
      path.append('/').append(part.startsWith("{") ? pathPart(part, random) : part);
    }
    if (random.nextInt(3) == 0) {
      path.append(query(operation, random));
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(hub.uri("") + path.toString()))
            .timeout(Duration.ofSeconds(20))
            .header("Authorization", "Bearer " + hub.key())
            .header("Content-Type", random.nextInt(8) == 0 ? "text/plain" : "application/json");
    if (random.nextInt(4) == 0) {
      request.header("Idempotency-Key", "k" + random.nextInt(5));
    }
    if (random.nextInt(6) == 0) {
      request.header(pick(random, List.of("CamelHttpUri", "id", "bean", "traceparent")), "x");
    }
    boolean none = operation.method().equals("GET") && random.nextInt(4) > 0;
    return request
        .method(
            operation.method(),
            none ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body(operation, random)))
        .build();
  }

  private static String pathPart(String parameter, Random random) {
    if (random.nextInt(6) == 0) {
      return "a" + pick(random, BYTES);
    }
    if (random.nextInt(3) == 0) {
      return switch (parameter) {
        case "{subscription}" -> "acme";
        case "{channel}" -> "shop";
        case "{connector}" -> "http-connector";
        case "{type}" -> "product";
        default -> hub.text("SELECT job_id FROM job LIMIT 1");
      };
    }
    String text = pick(random, TEXTS);
    return text.isBlank() || text.matches("\\.+") ? "x" : encoded(text); // dots are resolved
  }

  private static String query(Operation operation, Random random) {
    List<String> names = new ArrayList<>(List.of("x", "limit", "cursor", "id", "%00"));
    operation
        .node()
        .path("parameters")
        .forEach(
            each -> {
              String reference = each.path("$ref").asText("");
              JsonNode parameter =
                  reference.isEmpty() ? each : Contract.document().at(reference.substring(1));
              if (parameter.path("in").asText().equals("query")) {
                names.add(parameter.get("name").asText());
              }
            });
    StringBuilder query = new StringBuilder("?");
    for (int i = random.nextInt(3); i >= 0; i--) {
      query.append(pick(random, names)).append('=');
      query.append(random.nextInt(5) == 0 ? pick(random, BYTES) : encoded(pick(random, TEXTS)));
      query.append('&');
    }
    return query.toString();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static byte[] body(Operation operation, Random random) {
    if (random.nextInt(8) == 0) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      return noise;
    }
    JsonNode right = right(operation);
    JsonNode body = random.nextInt(4) == 0 ? json(random, 3) : mutated(right, random);
    String text = body.toString();
    if (random.nextInt(8) == 0) {
      text = text.substring(0, random.nextInt(text.length() + 1));
    }
    return text.getBytes(
        random.nextInt(12) == 0 ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8);
  }

  /** A body that would be taken. */
  private static JsonNode right(Operation operation) {
    String text =
        switch (operation.id()) {
          case "submitJobs" ->
              TestHub.job(
                  "acme",
                  "other",
                  "fuzz",
                  "wrong-or-not",
                  "\"notBefore\":\"2020-01-01T00:00:00Z\"",
                  "\"priority\":3");
          case "createKey" ->
              "{\"name\":\"fuzz\",\"role\":\"viewer\",\"subscriptions\":[\"acme\"]}";
          default -> "{\"subscription\":\"acme\",\"channel\":\"other\",\"reason\":\"x\"}";
        };
    try {
      return JSON.readTree(text);
    } catch (java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One or two of its members are something else, or there is one more. */
  private static JsonNode mutated(JsonNode right, Random random) {
    ObjectNode body = right.deepCopy();
    List<String> names = new ArrayList<>();
    body.fieldNames().forEachRemaining(names::add);
    for (int i = random.nextInt(3); i > 0; i--) {
      String name = random.nextInt(6) == 0 ? pick(random, TEXTS) : pick(random, names);
      if (random.nextInt(5) == 0) {
        body.remove(name);
      } else {
        body.set(name, json(random, 2));
      }
    }
    if (random.nextInt(4) > 0) {
      return body;
    }
    ArrayNode several = JSON.createArrayNode();
    for (int i = random.nextInt(4); i >= 0; i--) {
      several.add(random.nextInt(4) == 0 ? json(random, 1) : body);
    }
    return several;
  }

  private static JsonNode json(Random random, int depth) {
    switch (random.nextInt(depth > 0 ? 8 : 6)) {
      case 0:
        return JSON.nullNode();
      case 1:
        return JSON.getNodeFactory().numberNode(random.nextLong());
      case 2:
        return JSON.getNodeFactory().numberNode(random.nextGaussian() * 1e300);
      case 3:
        return JSON.getNodeFactory().booleanNode(random.nextBoolean());
      case 6:
        ArrayNode array = JSON.createArrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(json(random, depth - 1));
        }
        return array;
      case 7:
        ObjectNode object = JSON.createObjectNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          object.set(pick(random, TEXTS), json(random, depth - 1));
        }
        return object;
      default:
        return JSON.getNodeFactory().textNode(pick(random, TEXTS));
    }
  }

  private static <T> T pick(Random random, List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  @Test
  @Order(2)
  void a_character_that_the_ledger_cannot_keep_is_refused() {
    String nul = "{\"reason\":\"a\\u0000b\"}";
    assertThat(hub.post("/v1/replays", nul).statusCode()).isEqualTo(422);
  }

  @Test
  @Order(2)
  void nesting_without_end_is_refused() {
    String deep = "[".repeat(100_000);
    assertThat(hub.post("/v1/jobs", deep).statusCode()).isEqualTo(400);
    assertThat(hub.post("/v1/replays", deep).statusCode()).isEqualTo(400);
    assertThat(hub.post("/v1/keys", deep).statusCode()).isEqualTo(400);
  }

  @Test
  @Order(3)
  void the_ledger_is_unharmed_and_the_hub_goes_on() {
    hub.post("/v1/connectors/http-connector/resume", "");
    hub.post("/v1/accounts/acme/shop/resume", "");
    hub.post("/v1/accounts/acme/other/resume", "");
    String job = hub.submit(TestHub.job("acme", "shop", "product", "after")).get(0);
    hub.await(job, "delivered");
    hub.execute("UPDATE job SET scheduled_at = hub_now() WHERE scheduled_at > hub_now()");
    hub.awaitAllFinal(Duration.ofSeconds(60));
    assertThat(hub.number("SELECT count(*) FROM lane WHERE open <> 0 OR unplaced <> 0")).isZero();
    assertThat(hub.number("SELECT count(*) FROM lane WHERE state NOT IN ('idle')")).isZero();
    assertThat(hub.hub().repairs()).isZero();
    assertThat(hub.json(hub.get("/health")).get("status").asText()).isEqualTo("up");
  }
}
