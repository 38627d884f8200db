package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.connector.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each file under {@code broken} is wrong in one way. Its first line is a comment with the place
 * where it would be, the second one with the fault that is to be found there.
 */
class BrokenFilesTest {
  static final Path BROKEN = Path.of("src/test/resources/broken");
  static final String FILTER = "version: 1\nmatch: {jq: .body.price}\n";

  /**
   * What is to be found.
   *
   * @param file of a project's folder
   * @param fault line, column and words
   */
  record Expected(String file, String fault) {
    static Expected of(String name) throws IOException {
      List<String> lines = Files.readAllLines(BROKEN.resolve(name));
      return new Expected(lines.get(0).substring(2), lines.get(1).substring(2));
    }

    @Override
    public String toString() {
      return file + ":" + fault;
    }
  }

  @TempDir private Path folder;

  static List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(BROKEN)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void there_are_many_kinds() throws IOException {
    assertThat(names()).hasSizeGreaterThanOrEqualTo(40);
  }

  @ParameterizedTest
  @MethodSource("names")
  void a_broken_file_is_named_with_the_place_and_what_would_be_right(String name)
      throws IOException {
    Expected expected = Expected.of(name);
    String file = expected.file;
    writeWhatIsRight();
    Files.createDirectories(folder.resolve(file).getParent());
    Files.copy(
        BROKEN.resolve(name),
        folder.resolve(file),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(check()).containsExactly(expected.toString());
  }

  @Test
  void what_is_right_has_no_fault() throws IOException {
    writeWhatIsRight();
    assertThat(check()).isEmpty();
  }

  private void writeWhatIsRight() throws IOException {
    for (String each : List.of("connectors", "routes")) {
      copy(Path.of(each), Files.createDirectories(folder.resolve(each)));
    }
    TestHub.write(folder.resolve("connectors/filters/sellable.yaml"), FILTER);
  }

  /** The files that are right themselves. */
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".yaml")).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private List<String> check() {
    Properties properties = new Properties();
    return FileCheck.of(folder.resolve("connectors"), folder.resolve("routes"), properties).stream()
        .map(Fault::toString)
        .map(fault -> fault.replace(folder + "/", ""))
        .toList();
  }
}
