package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationHashTest {
  @TempDir private Path first;
  @TempDir private Path second;

  private static void write(Path folder, String file, String content) {
    TestHub.write(folder.resolve(file), content);
  }

  private void assertDiffer() {
    assertThat(ConfigurationHash.of(first)).isNotEqualTo(ConfigurationHash.of(second));
  }

  @Test
  void folders_with_the_same_files_are_the_same_wherever_they_are() {
    for (Path folder : new Path[] {first, second}) {
      write(folder, "a.yaml", "a");
      write(folder, "subscriptions/b.yaml", "b");
    }
    assertThat(ConfigurationHash.of(first)).isEqualTo(ConfigurationHash.of(second));
  }

  @Test
  void another_word_another_name_or_another_file_is_another_configuration() {
    write(first, "a.yaml", "a");
    write(second, "a.yaml", "b");
    assertDiffer();
    write(second, "a.yaml", "a");
    write(second, "b.yaml", "");
    assertDiffer();
    write(first, "c.yaml", "");
    assertDiffer();
  }

  @Test
  void what_is_not_yaml_or_hidden_does_not_matter() {
    write(first, "a.yaml", "a");
    write(second, "a.yaml", "a");
    write(second, "README.md", "a");
    write(second, "..2026_11_25/a.yaml", "a");
    assertThat(ConfigurationHash.of(first)).isEqualTo(ConfigurationHash.of(second));
  }
}
