package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.CamelCli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileFunctionTest {
  private final DefaultCamelContext camel = CamelCli.keptFrom(new DefaultCamelContext());

  @TempDir private Path folder;

  private String resolve(String content) throws IOException {
    Path file = folder.resolve("secret");
    Files.writeString(file, content);
    return camel.resolvePropertyPlaceholders("<{{file:" + file + "}}>");
  }

  @Test
  void a_placeholder_is_the_file_s_text_without_the_line_break_at_its_end() throws IOException {
    assertThat(resolve("sécret: a=b ")).isEqualTo("<sécret: a=b >");
    assertThat(resolve("secret\n")).isEqualTo("<secret>");
    assertThat(resolve("secret\r\n")).isEqualTo("<secret>");
    assertThat(resolve("two\nlines\n\n")).isEqualTo("<two\nlines\n>");
  }

  @Test
  void a_file_that_is_not_there_or_too_long_is_named() throws IOException {
    assertThatThrownBy(() -> camel.resolvePropertyPlaceholders("{{file:/no/such}}"))
        .hasMessage("{{file:/no/such}}: there is no such file");
    assertThatThrownBy(() -> camel.resolvePropertyPlaceholders("{{file:" + folder + "}}"))
        .hasMessage("{{file:" + folder + "}}: it cannot be read");
    assertThatThrownBy(() -> resolve("x".repeat(70_000)))
        .hasMessageContaining("longer than 64 KiB");
  }
}
