package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What hubs of a measurement share: connectors as shipped, the suite's retry and its accounts. */
public final class HubFiles {
  private final Path connectors;

  /**
   * Writes the files.
   *
   * @param retryMillis the delay before each further attempt
   * @param accounts addresses by channel, of the subscription acme
   */
  public HubFiles(Path directory, int retryMillis, Map<String, String> accounts) {
    connectors = directory.resolve("connectors");
    try {
      Files.createDirectories(connectors.resolve("subscriptions"));
      copyKamelet("http-connector");
      Files.writeString(
          connectors.resolve("http-connector.connector.yaml"),
          "retry: {backoff: fixed, first: %dms, jitter: 0}%n".formatted(retryMillis));
      Files.writeString(connectors.resolve("subscriptions/acme.yaml"), channels(accounts));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void copyKamelet(String name) throws IOException {
    String file = name + ".kamelet.yaml";
    Files.copy(Path.of("connectors", file), connectors.resolve(file));
  }

  private static String channels(Map<String, String> accounts) {
    return accounts.entrySet().stream()
        .map(each -> account(each.getKey(), each.getValue()))
        .collect(Collectors.joining("", "channels:\n", ""));
  }

  private static String account(String channel, String url) {
    return Stream.of(
            "  " + channel + ":",
            "    connector: http-connector",
            "    payload: reference",
            "    parameters: {url: \"" + url + "\"}")
        .collect(Collectors.joining("\n", "", "\n"));
  }

  /** The folder of connectors. */
  public Path connectors() {
    return connectors;
  }
}
