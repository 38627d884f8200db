package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The chapter "Add a connector in three steps" of connectors/README.md, as it is written there. */
class AddAConnectorIT {
  private static final String PLACE = "        - setHeader:\n            name: Content-Type\n";
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```\\w*\\n(.*?)^```$");
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private final Path folder = program();
  private final List<String> blocks = blocks();

  private static Path program() {
    try {
      Path root = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "program-");
      for (String name : List.of("routes", "connectors", "artemis")) {
        copy(Path.of(name), root.resolve(name));
      }
      return root;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  private static List<String> blocks() {
    try {
      String text = Files.readString(Path.of("connectors/README.md"));
      int begin = text.indexOf("\n## Add a connector in three steps");
      int end = text.indexOf("\n## ", begin + 1);
      return BLOCK
          .matcher(text.substring(begin, end < 0 ? text.length() : end))
          .results()
          .map(block -> block.group(1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process shell(String command) {
    try {
      ProcessBuilder builder = new ProcessBuilder("bash", "-c", command);
      builder.environment().put("EGRESSION_HTTP_PORT", "0");
      return builder.directory(folder.toFile()).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String run(String command) {
    try {
      Process process = shell(command);
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      assertThat(process.waitFor()).as(output).isZero();
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void a_connector_is_added_in_three_steps() throws IOException {
    assertThat(blocks).hasSize(6);
    run(blocks.get(0));
    Path kamelet = folder.resolve("connectors/price-feed.kamelet.yaml");
    String copied = Files.readString(kamelet);
    assertThat(copied).containsOnlyOnce(PLACE);
    Files.writeString(kamelet, copied.replace(PLACE, blocks.get(1) + PLACE));
    run(blocks.get(2));
    run(blocks.get(3));
    try (StubServer destination = new StubServer(call -> Answer.of(200))) {
      Process hub = start(blocks.get(4), destination);
      try {
        check(blocks.get(5), port());
      } finally {
        hub.destroy();
        hub.onExit().join();
      }
      assertThat(destination.calls())
          .allMatch(call -> call.uri().getPath().equals("/prices"))
          .extracting(StubServer.Call::body)
          .containsExactlyInAnyOrder(
              "{\"action\":\"update\",\"skus\":[\"SKU-1\"]}",
              "{\"action\":\"update\",\"skus\":[\"SKU 2\"]}");
    }
  }

  /** With the classes under test in the place of the jar, and a port that is free. */
  private Process start(String command, StubServer destination) {
    String java =
        "exec '%s/bin/java' -Xmx512m -cp '%s' %s"
            .formatted(
                System.getProperty("java.home"),
                System.getProperty("java.class.path"),
                Egression.class.getName());
    return shell(
        command
                .strip()
                .replaceFirst("^(PRICE_FEED_URL=\\S+) ", "export $1; ")
                .replace("http://127.0.0.1:9000", destination.url())
                .replace("java -jar target/egression.jar", java)
            + " > log 2>&1");
  }

  private String port() {
    Pattern ready = Pattern.compile("ready: http://127\\.0\\.0\\.1:(\\d+)");
    return await()
        .atMost(Duration.ofSeconds(90))
        .until(
            () -> {
              Matcher found = ready.matcher(Files.readString(folder.resolve("log")));
              return found.find() ? found.group(1) : null;
            },
            port -> port != null);
  }

  /** Types what follows a prompt, until the answer is as it stands below. */
  private void check(String session, String port) {
    for (String part : session.split("(?m)^\\$ ")) {
      if (!part.isBlank()) {
        Matcher lines = Pattern.compile("(?s)((?:[^\\n]*\\\\\\n)*[^\\n]*\\n)(.*)").matcher(part);
        assertThat(lines.matches()).isTrue();
        String command = lines.group(1).replace(":8080", ":" + port);
        Pattern answer = Pattern.compile(pattern(lines.group(2).strip()), Pattern.DOTALL);
        if (command.contains(" -d ")) {
          assertThat(run(command)).matches(answer); // once
        } else {
          await()
              .atMost(Duration.ofSeconds(30))
              .untilAsserted(() -> assertThat(run(command)).matches(answer));
        }
      }
    }
  }

  /** Ids are different each time, and {@code …} stands for what the page leaves out. */
  private static String pattern(String answer) {
    List<String> parts = new ArrayList<>();
    for (String part : answer.split("…", -1)) {
      parts.add(
          ID.splitAsStream(part).map(Pattern::quote).collect(Collectors.joining(ID.pattern())));
    }
    return String.join(".*", parts);
  }
}
