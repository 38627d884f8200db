package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Camel's own command line sees a hub that lets it, by files in its owner's home. */
class CamelCliIT {
  @TempDir private Path home;

  private Map<String, String> settings(String camelCli) {
    return Map.of(
        "user.home",
        home.toString(),
        "egression.camel.cli",
        camelCli,
        "egression.http.port",
        "0",
        "egression.data.dir",
        home.resolve("data").toString(),
        "egression.database.url",
        SharedPostgres.newDatabase(),
        "egression.database.user",
        SharedPostgres.user(),
        "egression.database.password",
        SharedPostgres.password());
  }

  private List<Path> seen() throws IOException {
    Path folder = home.resolve(".camel");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith("-status.json")).toList();
    }
  }

  @Test
  void it_shows_the_routes_and_no_secret() throws Exception {
    try (ForkedJava hub = new ForkedJava(Egression.class, settings("true"), "run")) {
      hub.awaitLine("ready: ");
      Path status =
          await()
              .atMost(Duration.ofSeconds(30))
              .until(this::seen, files -> !files.isEmpty())
              .get(0);
      JsonNode shown =
          await()
              .ignoreExceptions() // it is written anew each second
              .atMost(Duration.ofSeconds(30))
              .until(
                  () -> new ObjectMapper().readTree(Files.readString(status)),
                  each -> each.path("routes").toString().contains("\"deliver\""));
      assertThat(shown.at("/context/name").asText()).isEqualTo("egression");
      assertThat(shown.toString()).doesNotContain(SharedPostgres.password());
    }
  }

  @Test
  void it_sees_nothing_unless_that_is_asked_for() throws Exception {
    try (ForkedJava hub = new ForkedJava(Egression.class, settings("false"), "run")) {
      hub.awaitLine("ready: ");
      await()
          .during(Duration.ofSeconds(3))
          .atMost(Duration.ofSeconds(5))
          .until(() -> seen().isEmpty());
    }
  }
}
