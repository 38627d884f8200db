package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** What machines see: metrics, the dashboard and alerts made of them, liveness and readiness. */
class MetricsIT {
  private static final Pattern METRIC = Pattern.compile("\\b(egression|jvm|process)_[a-z_]+");

  private static StubServer server;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    server = new StubServer(call -> Answer.of(call.objectId().equals("wrong") ? 422 : 200));
    hub =
        TestHub.prepare()
            .file(
                "http-connector.connector.yaml",
                "limits:\n  - {name: calls, permits: 2, per: 1s}\n")
            .accounts("acme", TestHub.account("shop", server, "payload: reference"))
            .start();
    hub.submit(
        IntStream.range(0, 4)
            .mapToObj(n -> TestHub.job("acme", "shop", "product", "n" + n))
            .collect(Collectors.joining(",", "[", "]")));
    hub.await(hub.submit(TestHub.job("acme", "shop", "product", "wrong")).get(0), "dead");
    hub.submit(
        TestHub.job("acme", "shop", "product", "x", "\"notBefore\":\"2999-01-01T00:00:00Z\""));
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  private static String scrape() {
    HttpResponse<String> answer = hub.get("/observe/metrics");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void they_count_what_happened_by_connector() {
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(scrape()).contains("state=\"later\"} 1.0"));
    String metrics = scrape();
    assertThat(metrics)
        .contains("egression_accepted_total 6.0")
        .contains("egression_ended_total{connector=\"http-connector\",state=\"delivered\"} 4.0")
        .contains("egression_dead_total{connector=\"http-connector\",reason=\"status 422\"} 1.0")
        .contains(
            "egression_call_seconds_count{connector=\"http-connector\",outcome=\"delivered\"} 4")
        .contains("egression_lag_seconds_count{connector=\"http-connector\"} 5")
        .contains("egression_permits_total{connector=\"http-connector\"} 5.0")
        .contains("egression_put_off_total{connector=\"http-connector\",why=\"limited\"}")
        .contains("egression_jobs{connector=\"http-connector\",state=\"dead\"} 1.0")
        .contains("egression_up{part=\"ledger\"} 1.0")
        .contains("egression_up{part=\"broker\"} 1.0")
        .contains("egression_repairs_total 0.0")
        .contains("egression_pool{connections=\"most\"} 20.0");
    assertThat(metrics).as("nothing of a tenant, unless asked for").doesNotContain("acme");
  }

  @Test
  void they_are_for_keys_that_are_for_everything() {
    String bound = TestKey.of(hub, "admin", "acme");
    HttpRequest.Builder asked = HttpRequest.newBuilder(hub.uri("/observe/metrics"));
    assertThat(TestHub.send(asked.build()).statusCode()).isEqualTo(401);
    asked.header("Authorization", "Bearer " + bound);
    assertThat(TestHub.send(asked.build()).statusCode()).isEqualTo(403);
  }

  @Test
  void the_dashboard_and_the_alerts_name_only_metrics_that_there_are() throws IOException {
    String metrics = scrape();
    Set<String> there =
        metrics
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.replaceFirst("[{ ].*", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    List<String> expressions = new ArrayList<>();
    JsonNode dashboard =
        new ObjectMapper().readTree(Path.of("src/main/ops/grafana-dashboard.json").toFile());
    dashboard.findValues("expr").forEach(expr -> expressions.add(expr.asText()));
    Object alerts =
        new Yaml().load(Files.readString(Path.of("src/main/ops/prometheus-alerts.yaml")));
    JsonNode rules = new ObjectMapper().valueToTree(alerts);
    rules.findValues("expr").forEach(expr -> expressions.add(expr.asText()));
    assertThat(expressions).hasSizeGreaterThan(25);
    for (String expression : expressions) {
      Set<String> named = new TreeSet<>();
      for (Matcher each = METRIC.matcher(expression); each.find(); ) {
        named.add(each.group());
      }
      assertThat(named).as(expression).isNotEmpty();
      assertThat(there).as(expression).containsAll(named);
      assertThat(expression.chars().filter(c -> c == '(').count())
          .as(expression)
          .isEqualTo(expression.chars().filter(c -> c == ')').count());
    }
  }

  @Test
  void an_account_has_its_own_on_request() {
    try (TestHub other =
        TestHub.prepare()
            .with("egression.metrics.accounts", "true")
            .accounts("acme", TestHub.account("shop", server, "payload: reference"))
            .start()) {
      other.await(other.submit(TestHub.job("acme", "shop", "product", "a")).get(0), "delivered");
      assertThat(other.get("/observe/metrics").body())
          .contains("egression_accepted_total{account=\"acme/shop\"} 1.0")
          .contains(
              "egression_lanes{account=\"acme/shop\",connector=\"http-connector\",state=\"held\"}");
    }
  }

  @Test
  void liveness_and_readiness_need_no_key() {
    for (String path : List.of("/observe/health/live", "/observe/health/ready", "/health")) {
      HttpResponse<String> answer = TestHub.send(HttpRequest.newBuilder(hub.uri(path)).build());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).contains("\"status\":\"up\"");
    }
    assertThat(
            TestHub.send(HttpRequest.newBuilder(hub.uri("/observe/health")).build()).statusCode())
        .isEqualTo(401);
  }
}
