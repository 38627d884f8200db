package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.Contract.Operation;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/** The API is what its OpenAPI document says, and who may do what is what it says. */
class OpenApiIT {
  private static final String NOBODY = "00000000-0000-0000-0000-000000000000";
  private static final List<String> ROLES = List.of("producer", "viewer", "operator", "admin");

  /** Only the foreign subscription has it: it is in no answer to a key that is not for that one. */
  private static final String MARKER = "hush";

  private static StubServer server;
  private static StubServer api;
  private static TestHub hub;
  private static final Map<String, String> ALL = new HashMap<>();
  private static final Map<String, String> BOUND = new HashMap<>();
  private static String foreignJob;

  @BeforeAll
  static void start() {
    api = new StubServer(call -> Answer.json("{\"ids\":[\"1\"],\"next\":\"2\"}"));
    server = new StubServer(call -> Answer.of(call.objectId().startsWith("wrong") ? 422 : 200));
    hub =
        TestHub.prepare()
            .metadata(api)
            .accounts("acme", TestHub.account("shop", server, "payload: reference"))
            .accounts("globex", TestHub.account(MARKER, server, "payload: reference"))
            .start();
    for (String role : ROLES) {
      ALL.put(role, TestKey.of(hub, role));
      BOUND.put(role, TestKey.of(hub, role, "acme"));
    }
    foreignJob = hub.submit(TestHub.job("globex", MARKER, "product", "wrong")).get(0);
    hub.await(foreignJob, "dead");
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
    api.close();
  }

  static Stream<Operation> operations() {
    return Contract.operations().stream();
  }

  // ---- the document

  @Test
  void it_is_served_and_has_every_route_of_the_files_and_no_other_method() throws IOException {
    HttpResponse<String> served = hub.get("/v1/openapi.yaml");
    assertThat(served.body())
        .isEqualTo(Files.readString(Path.of("src/main/resources/openapi/egression.yaml")));
    Map<String, Set<String>> documented = new TreeMap<>();
    operations()
        .forEach(
            each ->
                documented
                    .computeIfAbsent(each.path(), path -> new TreeSet<>())
                    .add(each.method()));
    assertThat(documented).as("document").containsAllEntriesOf(routes());
    for (Map.Entry<String, Set<String>> path : documented.entrySet()) {
      HttpRequest wrong =
          hub.request(path.getKey().replaceAll("\\{[^}]+}", "x"))
              .method("PATCH", HttpRequest.BodyPublishers.noBody())
              .build();
      HttpResponse<String> answer =
          sendUnchecked(wrong); // no operation of the document, so no answer of it either
      assertThat(answer.statusCode()).as(path.getKey()).isEqualTo(405);
      assertThat(answer.headers().firstValue("Allow"))
          .as("methods of " + path.getKey())
          .hasValue(String.join(", ", path.getValue()));
    }
  }

  private static HttpResponse<String> sendUnchecked(HttpRequest request) {
    try {
      return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The paths of routes/, with their methods. */
  private static Map<String, Set<String>> routes() throws IOException {
    Map<String, Set<String>> routes = new TreeMap<>();
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.list(Path.of("routes"))) {
      all.filter(file -> file.toString().endsWith(".camel.yaml")).forEach(files::add);
    }
    for (Path file : files) {
      JsonNode tree = new ObjectMapper().valueToTree(new Yaml().load(Files.readString(file)));
      for (JsonNode rest : tree.findValues("rest")) {
        for (String method : List.of("get", "post", "put", "delete", "patch")) {
          rest.path(method)
              .forEach(
                  each ->
                      add(routes, rest.path("path").asText() + each.get("path").asText(), method));
        }
      }
      for (JsonNode from : tree.findValues("from")) {
        String uri = from.path("uri").asText();
        if (uri.startsWith("platform-http:")) {
          String methods = from.at("/parameters/httpMethodRestrict").asText();
          Stream.of(methods.split(",")).forEach(method -> add(routes, uri.substring(14), method));
        }
      }
    }
    assertThat(routes).hasSizeGreaterThan(10);
    return routes;
  }

  private static void add(Map<String, Set<String>> routes, String path, String method) {
    routes
        .computeIfAbsent(path, each -> new TreeSet<>())
        .add(method.toUpperCase(java.util.Locale.ROOT));
  }

  @Test
  void a_request_or_an_answer_that_the_document_does_not_know_is_found() {
    HttpResponse<String> answer = hub.get("/v1/accounts");
    Contract.checkAccepted("POST", "/v1/replays", "{\"channel\":\"shop\"}");
    assertThatThrownBy(() -> Contract.checkAccepted("POST", "/v1/replays", "{\"chanel\":\"shop\"}"))
        .hasMessageContaining("chanel");
    Contract.check(answer);
    assertThatThrownBy(() -> Contract.check(new TextAnswer(answer, "{\"accounts\":[],\"a\":1}")))
        .hasMessageContaining("listAccounts");
    assertThatThrownBy(() -> Contract.check(new TextAnswer(answer, "{\"accounts\":[{}]}")))
        .hasMessageContaining("subscription");
  }

  @Test
  void a_public_linter_finds_no_fault() throws Exception {
    Path folder = Files.createDirectories(Path.of("target/redocly").toAbsolutePath());
    assumeTrue(
        run(folder, "npm", "--version") == 0,
        "SKIPPED: the OpenAPI document is not linted, because npm is not installed");
    assumeTrue(
        run(folder, "npm", "install", "--no-audit", "--no-fund", "@redocly/cli@1.34.5") == 0,
        "SKIPPED: the OpenAPI document is not linted, because npm cannot install the linter");
    Path document = Path.of("src/main/resources/openapi/egression.yaml").toAbsolutePath();
    assertThat(run(folder, "npx", "redocly", "lint", document.toString()))
        .as(Files.readString(folder.resolve("output.txt")))
        .isZero();
    assertThat(Files.readString(folder.resolve("output.txt"))).doesNotContain("warning");
  }

  private static int run(Path folder, String... command) throws Exception {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("output.txt").toFile())
              .start();
      if (!process.waitFor(120, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return -1;
      }
      return process.exitValue();
    } catch (IOException e) {
      return -1; // there is no such program
    }
  }

  @Test
  void every_operation_succeeds_as_documented() throws Exception {
    String dead = hub.submit(TestHub.job("acme", "shop", "product", "wrong")).get(0);
    hub.await(dead, "dead");
    String later =
        hub.submit(
                TestHub.job(
                    "acme", "shop", "product", "x", "\"notBefore\":\"2999-01-01T00:00:00Z\""))
            .get(0);
    hub.get("/health");
    hub.get("/observe/health/live");
    hub.get("/observe/health/ready");
    hub.get("/observe/metrics");
    hub.get("/v1/openapi.yaml");
    hub.get("/v1/jobs?state=dead&limit=1");
    hub.get("/v1/objects/product/wrong");
    hub.get("/v1/objects/product/wrong/dry-run?action=delete");
    hub.get("/v1/filters");
    hub.get("/v1/configuration");
    hub.get("/v1/schedules");
    String made =
        hub.json(hub.post("/v1/batches", "{\"subscription\":\"acme\",\"source\":\"erp\"}"))
            .at("/batch/id")
            .asText();
    hub.get("/v1/batches");
    hub.get("/v1/batches/" + made);
    hub.post("/v1/batches/" + made + "/close", "{\"belt\":1}");
    hub.post("/v1/batches/" + made + "/release", "{\"belt\":1}");
    hub.post("/v1/batches/" + made + "/seal", "");
    hub.post("/v1/batches/" + made + "/cancel", "");
    hub.get("/v1/overview");
    hub.get("/v1/dead-letters");
    hub.get("/v1/accounts");
    hub.post("/v1/jobs/" + later + "/cancel", "");
    hub.post("/v1/jobs/" + dead + "/replay", "");
    hub.await(dead, "dead");
    HttpResponse<String> many =
        hub.post("/v1/replays", "{\"subscription\":\"acme\",\"from\":\"2026-01-01T00:00:00Z\"}");
    String location = hub.json(many).get("location").asText();
    await().until(() -> hub.json(hub.get(location)).get("finished").asBoolean());
    hub.await(dead, "dead");
    hub.post("/v1/jobs/" + dead + "/discard", "");
    String other = hub.submit(TestHub.job("acme", "shop", "product", "wrong")).get(0);
    hub.await(other, "dead");
    HttpResponse<String> given =
        hub.post("/v1/discards", "{\"subscription\":\"acme\",\"reason\":\"422\"}");
    String discard = hub.json(given).get("location").asText();
    await().until(() -> hub.json(hub.get(discard)).get("finished").asBoolean());
    assertThat(hub.json(hub.get(discard)).get("discarded").asInt()).isEqualTo(1);
    assertThat(hub.state(other)).isEqualTo("cancelled");
    assertThat(hub.get(discard.replace("discards", "replays")).statusCode()).isEqualTo(404);
    for (String what : List.of("accounts/acme/shop", "connectors/http-connector")) {
      hub.post("/v1/" + what + "/pause", "");
      hub.get("/v1/overview");
      hub.post("/v1/" + what + "/resume", "");
    }
    TestKey.Made key = TestKey.make(hub, "viewer");
    hub.get("/v1/keys");
    TestHub.send(hub.request("/v1/keys/" + key.id()).DELETE().build());
    HttpResponse<String> audit = hub.get("/v1/audit?limit=500");
    for (String action : List.of("pause", "resume", "create key", "revoke key", "replay")) {
      assertThat(audit.body()).contains("\"action\":\"" + action + "\"");
    }
    JsonNode first = hub.json(hub.get("/v1/audit?limit=1"));
    JsonNode second = hub.json(hub.get("/v1/audit?limit=1&cursor=" + first.get("next").asText()));
    assertThat(second.at("/records/0/number").asLong())
        .isLessThan(first.at("/records/0/number").asLong());
    hub.get("/v1/objects/product?subscription=acme&channel=shop");
    Set<String> missing = new HashSet<>();
    operations().map(Operation::id).forEach(missing::add);
    missing.removeAll(Contract.seen());
    missing.remove("streamOverview"); // SupportIT reads it
    assertThat(missing).as("operations that no test has seen succeed").isEmpty();
  }

  // ---- who may do what

  @ParameterizedTest
  @MethodSource("operations")
  void an_operation_is_for_its_roles_only(Operation operation) {
    if (operation.node().has("security")) {
      assertThat(operation.path()).as("open to everyone").contains("health");
      return;
    }
    assertThat(status(operation, null, "globex", MARKER)).as("without a key").isEqualTo(401);
    assertThat(status(operation, "egr_guessed", "globex", MARKER)).isEqualTo(401);
    for (String role : ROLES) {
      int status = status(operation, ALL.get(role), "nobody", "nowhere");
      if (operation.isFor(role)) {
        assertThat(status).as(role).isNotIn(401, 403).isLessThan(500);
      } else {
        assertThat(status).as(role).isEqualTo(403);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("operations")
  void nothing_of_another_subscription_is_seen_or_changed(Operation operation) {
    for (String role : ROLES) {
      HttpResponse<String> answer = answer(operation, BOUND.get(role), "globex", MARKER);
      if (!answer.body().contains("openapi: 3.1.0")) {
        assertThat(answer.body()).as(role).doesNotContain(foreignJob);
      }
      if (operation.path().contains("{")
          && !List.of("getObject", "dryRun").contains(operation.id())) {
        assertThat(answer.statusCode()).as(role).isIn(403, 404);
      }
      if (operation.method().equals("GET") && answer.statusCode() == 200) {
        assertThat(answer.body()).as(role).doesNotContain(MARKER);
      }
    }
    assertThat(hub.job(foreignJob).get("state").asText()).isEqualTo("dead");
    assertThat(hub.number("SELECT count(*) FROM account WHERE paused_until IS NOT NULL")).isZero();
    assertThat(hub.number("SELECT count(*) FROM connector WHERE paused_until IS NOT NULL"))
        .isZero();
    assertThat(hub.number("SELECT count(*) FROM bulk_replay WHERE subscription = 'globex'"))
        .isZero();
    assertThat(hub.number("SELECT count(*) FROM job WHERE source = 'table'")).isZero();
  }

  private static int status(Operation operation, String key, String subscription, String channel) {
    return answer(operation, key, subscription, channel).statusCode();
  }

  private static HttpResponse<String> answer(
      Operation operation, String key, String subscription, String channel) {
    String id =
        operation.path().startsWith("/v1/jobs/") && subscription.equals("globex")
            ? foreignJob
            : NOBODY;
    String path =
        operation
            .path()
            .replace("{id}", id)
            .replace(
                "{type}",
                operation.id().equals("listObjects")
                    ? "product?subscription=" + subscription + "&channel=" + channel
                    : "product")
            .replace("{subscription}", subscription)
            .replace("{channel}", channel)
            .replace("{connector}", subscription.equals("globex") ? "http-connector" : "nobody");
    HttpRequest.Builder request =
        HttpRequest.newBuilder(hub.uri(path))
            .header("Content-Type", "application/json")
            .method(
                operation.method(),
                HttpRequest.BodyPublishers.ofString(body(operation, subscription, channel)));
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    if (operation.id().equals("streamOverview") && key != null && key.length() > 20) {
      return firstOfStream(request.GET().build());
    }
    return TestHub.send(request.build());
  }

  /** A stream does not end: its begin is enough. */
  private static HttpResponse<String> firstOfStream(HttpRequest request) {
    try {
      HttpResponse<java.io.InputStream> stream =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (java.io.InputStream in = stream.body()) {
        StringBuilder text = new StringBuilder();
        while (!text.toString().contains("data: ") || !text.toString().endsWith("\n\n")) {
          text.append(new String(new byte[] {(byte) in.read()}, StandardCharsets.ISO_8859_1));
        }
        return new TextAnswer(stream, text.toString());
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String body(Operation operation, String subscription, String channel) {
    return switch (operation.id()) {
      case "submitJobs" ->
          TestHub.job(subscription, channel, "product", "x").replace("test", "table");
      case "replayJobs", "discardJobs" -> "{\"subscription\":\"" + subscription + "\"}";
      case "createKey" ->
          "{\"name\":\"table\",\"role\":\"viewer\",\"subscriptions\":[\"" + subscription + "\"]}";
      default -> "";
    };
  }

  @Test
  void an_admin_of_some_subscriptions_makes_keys_for_those_only() {
    String all = "{\"name\":\"x\",\"role\":\"admin\"}";
    HttpRequest more =
        HttpRequest.newBuilder(hub.uri("/v1/keys"))
            .header("Authorization", "Bearer " + BOUND.get("admin"))
            .POST(HttpRequest.BodyPublishers.ofString(all))
            .build();
    Problems.assertThatIs(TestHub.send(more), 422, "invalid-key");
  }

  @Test
  void the_last_admin_s_key_stays() {
    String others =
        "UPDATE access_key SET revoked_at = now() WHERE role = 'admin' AND name <> 'admin'";
    hub.execute(others);
    String id = hub.text("SELECT key_id FROM access_key WHERE name = 'admin'");
    HttpRequest revoke = hub.request("/v1/keys/" + id).DELETE().build();
    assertThat(TestHub.send(revoke).statusCode()).isEqualTo(409);
    hub.execute(others.replace("now()", "NULL"));
    hub.post("/v1/keys", "{\"name\":\"refresh\",\"role\":\"viewer\"}");
  }
}
