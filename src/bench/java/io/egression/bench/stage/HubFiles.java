package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/** What hubs of a measurement share: the shipped connector, its policy and accounts. */
public final class HubFiles {
  private static final String SHIPPED = "http-connector";

  private final Path connectors;

  /**
   * An account: its connector, called as the shipped one is, its address, and for how long its
   * calls may go on before earlier answers are on disk.
   */
  public record Account(String connector, String url, String writeBehind) {
    public Account(String connector, String url) {
      this(connector, url, "0ms");
    }

    /** An account of the shipped connector. */
    public static Account of(String url) {
      return new Account(SHIPPED, url);
    }

    /** The same, with calls that may go on so long. */
    Account writeBehind(String time) {
      return new Account(connector, url, time);
    }

    private String yaml(String channel) {
      return """
        %s:
          connector: %s
          payload: reference
          writeBehind: %s
          parameters: {url: "%s"}
      """
          .formatted(channel, connector, writeBehind, url);
    }
  }

  /**
   * Writes the files.
   *
   * @param policy of a connector by its name, as YAML; empty: as shipped
   * @param accounts by channel, of the subscription acme
   */
  HubFiles(Path directory, UnaryOperator<String> policy, Map<String, Account> accounts) {
    connectors = directory.resolve("connectors");
    StringBuilder channels = new StringBuilder("channels:\n");
    accounts.forEach((channel, account) -> channels.append(account.yaml(channel)));
    try {
      Files.createDirectories(connectors.resolve("subscriptions"));
      Files.writeString(connectors.resolve("subscriptions/acme.yaml"), channels);
      for (Account account : accounts.values()) {
        writeConnector(account.connector(), policy.apply(account.connector()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeConnector(String name, String policy) throws IOException {
    String kamelet = Files.readString(Path.of("connectors", SHIPPED + ".kamelet.yaml"));
    Files.writeString(
        connectors.resolve(name + ".kamelet.yaml"),
        kamelet.replace("name: " + SHIPPED, "name: " + name));
    Files.writeString(connectors.resolve(name + ".connector.yaml"), policy);
  }

  /** The folder of connectors. */
  public Path connectors() {
    return connectors;
  }
}
