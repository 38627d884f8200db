package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Files of a running hub are edited: right ones take effect, wrong ones do nothing. */
class LiveEditIT {
  private static final Duration SOON = Duration.ofSeconds(8); // 2 s, on a machine with nothing else

  private static StubServer shop;
  private static StubServer other;
  private static TestHub hub;
  private static Path connectors;
  private static Path routes;

  @BeforeAll
  static void start() throws IOException {
    shop = new StubServer(call -> Answer.of(200));
    other = new StubServer(call -> Answer.of(200));
    routes = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "routes-");
    try (var files = Files.list(Path.of("routes"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".camel.yaml")).toList()) {
        Files.copy(file, routes.resolve(file.getFileName()));
      }
    }
    hub =
        TestHub.prepare()
            .with("egression.routes.dir", routes.toString())
            .accounts("acme", account("shop", shop), account("busy", shop))
            .start();
    connectors = Path.of(hub.setting("egression.connectors.dir"));
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
    other.close();
  }

  private static String account(String channel, StubServer server, String... more) {
    List<String> lines = new ArrayList<>(List.of("payload: reference", "partitionBy: object"));
    lines.addAll(List.of(more));
    return TestHub.account(channel, server, lines.toArray(String[]::new));
  }

  private static void edit(Path file, String content) {
    String before = hash();
    TestHub.write(file, content);
    await("in force").atMost(SOON).until(() -> !hash().equals(before));
    assertThat(configuration().get("faults")).isEmpty();
  }

  private static JsonNode configuration() {
    return hub.json(hub.get("/v1/configuration"));
  }

  private static String hash() {
    return configuration().get("hash").asText();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String deliver(String channel, String object) {
    String job = hub.submit(TestHub.job("acme", channel, "product", object)).get(0);
    hub.await(job, "delivered");
    return job;
  }

  private static Path accounts() {
    return connectors.resolve("subscriptions/acme.yaml");
  }

  @Test
  void under_a_new_partitioning_no_job_passes_an_earlier_one_of_its_object() {
    String before = read(accounts());
    edit(
        accounts(),
        before.replace("partitionBy: object", "partitionBy: objectType")
            + TestHub.account("keys", shop, "payload: reference", "partitionBy: objectType"));
    shop.behave(call -> call.objectId().equals("stuck") ? Answer.of(503) : Answer.of(200));
    String stuck = hub.submit(TestHub.job("acme", "keys", "product", "stuck")).get(0);
    String first = hub.submit(TestHub.job("acme", "keys", "product", "moved")).get(0);
    String second = hub.submit(TestHub.job("acme", "keys", "offer", "moved")).get(0);
    hub.await(second, "delivered");
    edit(
        accounts(),
        before + TestHub.account("keys", shop, "payload: reference", "partitionBy: object"));
    String later = hub.submit(TestHub.job("acme", "keys", "product", "moved")).get(0);
    String free = hub.submit(TestHub.job("acme", "keys", "product", "free")).get(0);
    hub.await(free, "delivered");
    assertThat(hub.state(first)).isEqualTo("waiting");
    assertThat(hub.state(later)).isEqualTo("gated");
    shop.behave(call -> Answer.of(200));
    for (String job : List.of(stuck, first, later)) {
      hub.await(job, "delivered");
    }
    assertThat(
            shop.calls().stream()
                .map(call -> call.json().get("job").asText())
                .filter(List.of(first, later)::contains))
        .containsExactly(first, later);
    edit(accounts(), before);
  }

  @Test
  void an_account_s_address_changes_and_a_channel_is_added_and_removed_and_comes_back() {
    String before = read(accounts());
    deliver("shop", "before");
    edit(
        accounts(),
        "channels:\n" + account("shop", other) + account("busy", shop) + account("new", other));
    int calls = shop.calls().size();
    deliver("shop", "after");
    deliver("new", "1");
    assertThat(shop.calls()).hasSize(calls);
    assertThat(other.calls()).extracting(StubServer.Call::objectId).contains("after", "1");
    edit(accounts(), before);
    assertThat(hub.post("/v1/jobs", TestHub.job("acme", "new", "product", "2")).statusCode())
        .isEqualTo(422);
    deliver("shop", "again");
    assertThat(shop.calls()).extracting(StubServer.Call::objectId).contains("again");
  }

  @Test
  void a_policy_a_kamelet_a_filter_and_a_route_take_effect() {
    Path policy = connectors.resolve("http-connector.connector.yaml");
    Path kamelet = connectors.resolve("http-connector.kamelet.yaml");
    Path filter = connectors.resolve("filters/some.yaml");
    Path route = routes.resolve("call.camel.yaml");
    String oldPolicy = read(policy);
    String oldKamelet = read(kamelet);
    String oldRoute = read(route);
    String oldAccounts = read(accounts());

    edit(policy, "outcomes: [{status: 200, outcome: rejected}]\n");
    hub.await(hub.submit(TestHub.job("acme", "shop", "product", "p")).get(0), "dead");
    edit(policy, oldPolicy);

    edit(
        kamelet,
        oldKamelet.replace(
            "- marshal:", "- setHeader: {name: X-Edited, constant: '1'}\n        - marshal:"));
    String job = deliver("shop", "k");
    assertThat(call(job).header("X-Edited")).isEqualTo("1");
    edit(kamelet, oldKamelet);
    assertThat(call(deliver("shop", "k2")).header("X-Edited")).isNull();

    TestHub.write(filter, "version: 1\nmatch: {objectType: [offer]}\n");
    edit(
        accounts(),
        "channels:\n" + account("shop", shop, "filters: [some]") + account("busy", shop));
    hub.await(hub.submit(TestHub.job("acme", "shop", "product", "f")).get(0), "filtered");
    edit(filter, "version: 2\nmatch: {objectType: [product]}\n");
    assertThat(hub.job(deliver("shop", "f2")).at("/filters/filters/0/version").asInt())
        .isEqualTo(2);
    edit(accounts(), oldAccounts);

    edit(
        route,
        oldRoute.replace(
            "        - to: direct:send",
            "        - setHeader: {name: X-Step, constant: own}\n        - to: direct:send"));
    assertThat(call(deliver("shop", "r")).header("X-Step")).isEqualTo("own");
    edit(route, oldRoute);
    assertThat(call(deliver("shop", "r2")).header("X-Step")).isNull();
  }

  private static StubServer.Call call(String job) {
    return shop.calls().stream()
        .filter(each -> each.json().get("job").asText().equals(job))
        .reduce((first, last) -> last)
        .orElseThrow();
  }

  @Test
  void a_broken_edit_changes_nothing_and_is_told_until_it_is_put_right() {
    Map<Path, String> broken = new HashMap<>();
    broken.put(accounts(), read(accounts()).replace("http-connector", "http-conector"));
    broken.put(connectors.resolve("http-connector.connector.yaml"), "retries: 3\n");
    broken.put(
        connectors.resolve("http-connector.kamelet.yaml"),
        read(connectors.resolve("http-connector.kamelet.yaml"))
            .replace("- marshal:", "- marshall:"));
    broken.put(
        routes.resolve("call.camel.yaml"),
        read(routes.resolve("call.camel.yaml")).replace("- to: direct:send", "- too: direct:send"));
    broken.forEach(
        (file, content) -> {
          String right = read(file);
          String hash = hash();
          TestHub.write(file, content);
          await().atMost(SOON).until(() -> !configuration().get("faults").isEmpty());
          JsonNode fault = configuration().at("/faults/0");
          assertThat(fault.get("file").asText()).endsWith(file.getFileName().toString());
          assertThat(fault.get("message").asText()).contains("did you mean");
          assertThat(hub.json(hub.get("/health")).get("status").asText()).isEqualTo("degraded");
          deliver("shop", "while-broken-" + file.getFileName());
          TestHub.write(file, right);
          await().atMost(SOON).until(() -> configuration().get("faults").isEmpty());
          assertThat(hash()).isEqualTo(hash);
        });
  }

  @Test
  void a_route_of_the_team_s_own_comes_and_goes() throws IOException {
    Path own = routes.resolve("metadata-widget.camel.yaml");
    edit(
        own,
        """
        - route:
            id: metadata-widget
            from:
              uri: direct:metadata-widget
              steps:
                - setBody: {constant: '{"own": true}'}
        """);
    String before = hash();
    Files.delete(own);
    await().atMost(SOON).until(() -> !hash().equals(before));
  }

  @Test
  void the_api_s_own_routes_may_be_edited_too() {
    Path file = routes.resolve("support-http.camel.yaml");
    String right = read(file);
    edit(
        file,
        right.replace(
            "      - path: /overview\n",
            "      - path: /summary\n        to: bean:support?method=overview\n      - path: /overview\n"));
    assertThat(hub.get("/v1/overview").statusCode()).isEqualTo(200);
    edit(file, right);
    assertThat(hub.get("/v1/overview").statusCode()).isEqualTo(200);
    Path jobs = routes.resolve("jobs-http.camel.yaml");
    edit(jobs, read(jobs) + "# edited\n");
    assertThat(hub.get("/v1/jobs").statusCode()).isEqualTo(200);
  }

  /** 10,000 jobs behind a limit of 200 a second: they are under way for about a minute. */
  @Test
  void jobs_under_way_are_neither_lost_nor_repeated_nor_reordered_by_edits() throws IOException {
    String oldAccounts = read(accounts());
    Path filter = connectors.resolve("filters/things.yaml");
    TestHub.write(filter, "version: 1\nmatch: {objectType: [thing]}\n");
    String rightAccounts =
        "channels:\n"
            + account("shop", shop)
            + account(
                "busy",
                shop,
                "filters: [things]",
                "limits: [{name: pace, kind: rate, permits: 200, per: 1s}]");
    edit(accounts(), rightAccounts);
    Path kamelet = connectors.resolve("http-connector.kamelet.yaml");
    String rightKamelet = read(kamelet);
    Path route = routes.resolve("call.camel.yaml");
    String rightRoute = read(route);
    Path policy = connectors.resolve("http-connector.connector.yaml");
    String rightPolicy = read(policy);
    int keys = 20;
    int each = 500;
    int before = shop.calls().size();
    for (int part = 0; part < 20; part++) {
      List<String> jobs = new ArrayList<>();
      for (int n = part * each / 20; n < (part + 1) * each / 20; n++) {
        for (int key = 0; key < keys; key++) {
          jobs.add(
              TestHub.job(
                  "acme", "busy", "thing", key + "." + n, "\"partitionKey\":\"k" + key + "\""));
        }
      }
      hub.submit("[" + String.join(",", jobs) + "]");
    }
    int rounds = 0;
    for (; things("state = 'delivered'") < keys * each; rounds++) {
      String hash = hash();
      TestHub.write(
          kamelet,
          rightKamelet.replace(
              "- marshal:",
              "- setHeader: {name: X-N, constant: '%d'}\n        - marshal:".formatted(rounds)));
      TestHub.write(route, rightRoute + "# " + rounds + "\n");
      TestHub.write(policy, rightPolicy + "# " + rounds + "\n");
      TestHub.write(filter, "version: " + (rounds + 2) + "\nmatch: {objectType: [thing]}\n");
      await().atMost(SOON).until(() -> !hash().equals(hash));
      TestHub.write(accounts(), "channels: broken " + rounds);
      Files.delete(policy);
      await().atMost(SOON).until(() -> !configuration().get("faults").isEmpty());
      TestHub.write(policy, rightPolicy);
      TestHub.write(accounts(), rightAccounts);
      await().atMost(SOON).until(() -> configuration().get("faults").isEmpty());
    }
    assertThat(rounds).isGreaterThan(5);
    assertThat(things("true")).isEqualTo(keys * each);
    Map<String, List<Integer>> byKey = new HashMap<>();
    shop.calls().stream()
        .skip(before)
        .filter(call -> call.json().get("objectType").asText().equals("thing"))
        .forEach(
            call -> {
              String[] id = call.objectId().split("\\.");
              byKey.computeIfAbsent(id[0], k -> new ArrayList<>()).add(Integer.parseInt(id[1]));
            });
    assertThat(byKey).hasSize(keys);
    byKey.values().forEach(calls -> assertThat(calls).hasSize(each).isSorted());
    assertThat(
            hub.number(
                "SELECT count(*) FROM job JOIN filter_decision USING (job_id)"
                    + " WHERE object_type = 'thing'"))
        .isEqualTo(keys * each);
    assertThat(
            hub.number(
                "SELECT count(DISTINCT filters -> 0 ->> 'version')"
                    + " FROM job JOIN filter_decision USING (job_id) WHERE object_type = 'thing'"))
        .as("each decision names the version that made it")
        .isGreaterThan(5);
    TestHub.write(kamelet, rightKamelet);
    TestHub.write(route, rightRoute);
    TestHub.write(policy, rightPolicy);
    edit(accounts(), oldAccounts);
  }

  private static long things(String condition) {
    return hub.number("SELECT count(*) FROM job WHERE object_type = 'thing' AND " + condition);
  }
}
