package io.egression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The case of {@code file-connector}: a folder. */
final class FileCase implements ConnectorCase {
  private final Path root;
  private final Path folder;

  FileCase() {
    try {
      root = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "files-");
      folder = root.resolve("out");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String parameters() {
    return "{directory: \"%s\", fileName: \"${header.Egression-Job}.jsonl\"}".formatted(folder);
  }

  /** Where a folder should be is a file. */
  @Override
  public String parametersOfNothing(String secret) {
    TestHub.write(root.resolve("file"), "");
    return "{directory: \"%s\"}".formatted(root.resolve("file").resolve("out"));
  }

  Path file(String job) {
    return folder.resolve(job + ".jsonl");
  }

  /** Every file, also one that is not complete. */
  List<Path> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<Received> received() {
    return files().stream().map(FileCase::read).toList();
  }

  private static Received read(Path file) {
    try {
      JsonNode line = new ObjectMapper().readTree(Files.readAllLines(file).get(0));
      return new Received(
          line.get("id").asText(), file.getFileName().toString().replace(".jsonl", ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void breakDown() {
    try {
      if (Files.isDirectory(folder)) {
        Files.move(folder, root.resolve("aside"));
      }
      Files.writeString(folder, "in the way");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void mend() {
    try {
      Files.delete(folder);
      if (Files.isDirectory(root.resolve("aside"))) {
        Files.move(root.resolve("aside"), folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    // its files are under target/
  }
}
