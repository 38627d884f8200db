package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Embedded broker and database, stopped or killed with work in flight: all of it arrives, in order.
 */
class RestartIT {
  private static final int JOBS = 1000;

  private record Seen(String job, String partition, long place) {}

  private final ConcurrentLinkedQueue<Seen> seen = new ConcurrentLinkedQueue<>();

  @Test
  void a_hub_stopped_in_the_middle_goes_on_after_its_restart() throws Exception {
    restartAfter(
        hub -> {
          hub.terminate();
          assertThat(hub.awaitExit(Duration.ofSeconds(60))).isEqualTo(143); // 128 + SIGTERM
        });
  }

  @Test
  void a_hub_killed_in_the_middle_takes_its_left_over_database_over_and_goes_on() throws Exception {
    restartAfter(ForkedJava::kill);
  }

  @Test
  void a_database_killed_in_the_middle_is_started_again_by_the_hub() throws Exception {
    Path data = newDirectory();
    try (StubServer channel = new StubServer(this::answer);
        ForkedJava hub = start(data, channel)) {
      Set<String> accepted = submit(hub, data);
      awaitMiddle();
      killPostmaster(data);
      awaitAll(accepted);
    }
  }

  private void restartAfter(Consumer<ForkedJava> end) throws Exception {
    Path data = newDirectory();
    try (StubServer channel = new StubServer(this::answer)) {
      Set<String> accepted;
      try (ForkedJava hub = start(data, channel)) {
        accepted = submit(hub, data);
        awaitMiddle();
        end.accept(hub);
      }
      assertThat(jobs()).hasSizeLessThan(JOBS);
      try (ForkedJava again = start(data, channel)) {
        awaitAll(accepted);
        again.terminate();
        again.awaitExit(Duration.ofSeconds(60));
      }
    }
  }

  private static Path newDirectory() throws IOException {
    return Files.createTempDirectory(Path.of("target").toAbsolutePath(), "restart-");
  }

  private Answer answer(StubServer.Call call) {
    seen.add(
        new Seen(
            call.header("Egression-Job"),
            call.header("Egression-Partition"),
            Long.parseLong(call.header("Egression-Place"))));
    java.util.concurrent.locks.LockSupport.parkNanos(3_000_000);
    return Answer.of(200);
  }

  private static ForkedJava start(Path data, StubServer channel) {
    Path connectors = data.resolve("connectors");
    if (!Files.exists(connectors)) {
      TestHub.write(
          connectors.resolve("subscriptions/acme.yaml"),
          "channels:\n" + TestHub.account("shop", channel, "payload: reference"));
      TestHub.copyShipped(connectors);
    }
    ForkedJava hub =
        new ForkedJava(
            Egression.class,
            Map.of(
                "egression.http.port", "0",
                "egression.data.dir", data.resolve("data").toString(),
                "egression.connectors.dir", connectors.toString()),
            "run");
    hub.awaitLine("egression is ready: (\\S+)");
    return hub;
  }

  private static Set<String> submit(ForkedJava hub, Path data) throws Exception {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < JOBS; i++) {
      jobs.add(
          TestHub.job("acme", "shop", "product", "p" + i, "\"partitionKey\":\"k" + i % 20 + "\""));
    }
    URI address = URI.create(hub.awaitLine("egression is ready: (\\S+)"));
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(address.resolve("/v1/jobs"))
                    .header(
                        "Authorization",
                        "Bearer " + Files.readString(data.resolve("data/admin.key")).strip())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("[" + String.join(",", jobs) + "]"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    Set<String> ids = new HashSet<>();
    for (JsonNode job : new ObjectMapper().readTree(answer.body()).get("jobs")) {
      ids.add(job.get("id").asText());
    }
    return ids;
  }

  private void awaitMiddle() {
    await().pollInterval(Duration.ofMillis(5)).until(() -> seen.size() > JOBS / 10);
  }

  private void awaitAll(Set<String> accepted) {
    await().atMost(Duration.ofSeconds(90)).until(() -> jobs().size() == JOBS);
    assertThat(jobs()).isEqualTo(accepted);
    Map<String, Long> last = new HashMap<>();
    for (Seen call : seen) {
      Long before = last.put(call.partition, call.place);
      assertThat(before == null || before <= call.place)
          .as("place %d after %d in %s", call.place, before, call.partition)
          .isTrue();
    }
  }

  private Set<String> jobs() {
    Set<String> jobs = new HashSet<>();
    seen.forEach(call -> jobs.add(call.job));
    return jobs;
  }

  private static void killPostmaster(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data.resolve("data/postgres"), 3)) {
      Path pid =
          files
              .filter(file -> file.getFileName().toString().equals("postmaster.pid"))
              .findFirst()
              .orElseThrow();
      long number = Long.parseLong(Files.readAllLines(pid).get(0).strip());
      ProcessHandle.of(number).ifPresent(ProcessHandle::destroyForcibly);
    }
  }
}
