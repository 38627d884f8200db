package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is shipped: it is unpacked, started, asked and stopped as a user would. */
class DistributionIT {
  @TempDir private static Path folder;
  private static Path home;

  @BeforeAll
  static void unpack() throws Exception {
    Path tar;
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      tar =
          files
              .filter(file -> file.getFileName().toString().matches("egression-.*\\.tar\\.gz"))
              .findFirst()
              .orElseThrow(() -> new AssertionError("mvn package made no tar.gz"));
    }
    run(folder, "tar", "xzf", tar.toAbsolutePath().toString());
    try (Stream<Path> files = Files.list(folder)) {
      home = files.filter(Files::isDirectory).findFirst().orElseThrow();
    }
  }

  private static String run(Path where, String... command) throws Exception {
    Path said = Files.createTempFile(folder, "said", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(where.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(List.of(command).toString()).isTrue();
    assertThat(process.exitValue()).as(Files.readString(said)).isZero();
    return Files.readString(said);
  }

  @Test
  void it_has_what_is_needed_and_nothing_of_the_tests() throws Exception {
    for (String file :
        List.of(
            "bin/egression",
            "lib/egression.jar",
            "routes/deliver.camel.yaml",
            "connectors/http-connector.kamelet.yaml",
            "connectors/schemas/subscription.schema.json",
            "artemis/broker.xml",
            "ops/prometheus-alerts.yaml",
            "egression.service",
            "LICENSE",
            "README.md")) {
      assertThat(home.resolve(file)).exists();
    }
    assertThat(Files.isExecutable(home.resolve("bin/egression"))).isTrue();
    assertThat(Files.isExecutable(home.resolve("artemis/standalone.sh"))).isTrue();
    assertThat(names()).noneMatch(name -> name.matches("(junit|assertj|archunit|jqwik).*"));
    assertThat(home.resolve("data")).doesNotExist();
  }

  private static Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }

  @Test
  void the_sbom_names_every_jar() throws IOException {
    JsonNode sbom = new ObjectMapper().readTree(home.resolve("sbom.json").toFile());
    assertThat(sbom.get("bomFormat").asText()).isEqualTo("CycloneDX");
    Set<String> named = new TreeSet<>(Set.of("egression.jar"));
    for (JsonNode part : sbom.get("components")) {
      String version = part.get("version").asText();
      String classifier =
          part.get("purl").asText().replaceFirst(".*[?&]classifier=([^&]*).*|.*", "$1");
      named.add(
          part.get("name").asText()
              + "-"
              + version
              + (classifier == null || classifier.isEmpty() ? "" : "-" + classifier)
              + ".jar");
    }
    assertThat(named).containsAll(names());
  }

  @Test
  void it_starts_from_anywhere_answers_and_stops() throws Exception {
    Path bin = Files.createSymbolicLink(folder.resolve("egression"), home.resolve("bin/egression"));
    assertThat(run(folder, bin.toString(), "--version")).startsWith("egression 0.");
    Path said = folder.resolve("run.txt");
    ProcessBuilder builder =
        new ProcessBuilder(bin.toString(), "run")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder.environment().put("EGRESSION_HTTP_PORT", "0");
    builder.environment().put("JAVA_OPTS", "-Xmx256m");
    Process hub = builder.start();
    try {
      await()
          .atMost(Duration.ofSeconds(90))
          .until(() -> Files.readString(said).contains("egression is ready: ") || !hub.isAlive());
      String url = Files.readString(said).replaceFirst("(?s).*egression is ready: (\\S+).*", "$1");
      assertThat(url).as(Files.readString(said)).startsWith("http://");
      HttpResponse<String> health =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(url + "/observe/health/ready")).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(health.statusCode()).as(health.body()).isEqualTo(200);
      assertThat(home.resolve("data/admin.key")).exists();
      String keys = run(home, bin.toString(), "key", "list", "--url", url); // finds data/admin.key
      assertThat(keys).contains("admin");
    } finally {
      hub.destroy();
      assertThat(hub.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(Files.readString(said)).doesNotContain("ERROR");
  }
}
