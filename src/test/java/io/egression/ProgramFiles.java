package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A directory of the real program's own: copies of what is shipped, and its data. */
final class ProgramFiles {
  private final Path root;

  ProgramFiles() {
    try {
      root = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "program-");
      copy(Path.of("routes"), root.resolve("routes"));
      copy(Path.of("connectors"), root.resolve("connectors"));
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

  /** Settings with these directories and any free port; more in pairs. */
  Map<String, String> settings(String... more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("egression.http.port", "0");
    settings.put("egression.data.dir", data().toString());
    settings.put("egression.routes.dir", root.resolve("routes").toString());
    settings.put("egression.connectors.dir", root.resolve("connectors").toString());
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    return settings;
  }

  Path data() {
    return root.resolve("data");
  }

  ProgramFiles write(String name, String content) {
    TestHub.write(root.resolve(name), content);
    return this;
  }

  /** Changes a copied file; the text must be there. */
  ProgramFiles replace(String name, String text, String by) {
    try {
      String content = Files.readString(root.resolve(name));
      if (!content.contains(text)) {
        throw new IllegalArgumentException(name + " does not contain " + text);
      }
      return write(name, content.replace(text, by));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes that still work in these directories, by command line. */
  List<String> processes() {
    return ProcessHandle.allProcesses()
        .map(process -> process.info().commandLine().orElse(""))
        .filter(line -> line.contains(root.toString()))
        .toList();
  }

  /** Waits until nothing works here any more. */
  void awaitNoProcess() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> org.assertj.core.api.Assertions.assertThat(processes()).isEmpty());
  }

  /** The process id of the embedded PostgreSQL. */
  long postmaster() {
    try {
      return Long.parseLong(
          Files.readAllLines(data().resolve("postgres/data/postmaster.pid")).get(0).strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
