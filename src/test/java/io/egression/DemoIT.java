package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The program as a newcomer starts it. */
class DemoIT {
  @Test
  void the_demo_delivers_every_job_and_ends_with_a_table() throws IOException {
    Path data = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "demo-");
    try (ForkedJava demo =
        new ForkedJava(
            Egression.class,
            Map.of("egression.http.port", "0", "egression.data.dir", data.toString()),
            "demo",
            "--once")) {
      assertThat(demo.awaitExit(Duration.ofMinutes(3)))
          .as(String.join("\n", demo.output()))
          .isZero();
      for (String channel : new String[] {"marketplace", "moody", "webshop"}) {
        assertThat(demo.output()).anyMatch(line -> line.startsWith(channel + ": 100 %, 193/193"));
        assertThat(demo.output()).anyMatch(line -> line.matches(channel + " +offer +120 .*"));
      }
    }
  }
}
