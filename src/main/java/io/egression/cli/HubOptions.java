package io.egression.cli;

import io.egression.connector.KeyFile;
import io.egression.connector.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContextBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which hub a command talks to, and with which key. */
final class HubOptions {
  private static final Path FIRST_KEY = Path.of("data/admin.key");

  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:EGRESSION_URL:-http://127.0.0.1:8080}",
      description = "the hub (EGRESSION_URL; default: http://127.0.0.1:8080)")
  private String url = "";

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = "has the key (default: the variable EGRESSION_KEY, else data/admin.key)")
  private @Nullable Path keyFile;

  @Option(
      names = "--trust",
      paramLabel = "FILE",
      defaultValue = "${env:EGRESSION_TRUST:-}",
      description =
          "certificates (PEM) that the hub's must come from (EGRESSION_TRUST; default: what the"
              + " JDK trusts)")
  private String trust = "";

  @Option(names = "--json", description = "print JSON, for programs")
  private boolean json;

  boolean json() {
    return json;
  }

  HubClient client() {
    try {
      URI address = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
      if (address.getScheme() == null || !address.getScheme().matches("https?")) {
        throw new IllegalArgumentException();
      }
      return new HubClient(address, key(), trusted());
    } catch (IllegalArgumentException e) {
      throw new CommandFault(
          CommandFault.REFUSED, "--url: '" + url + "' must be an address: http://host:port");
    }
  }

  private @Nullable SSLContext trusted() {
    if (trust.isEmpty()) {
      return null;
    }
    try {
      KeyStore store = KeyFile.read(Path.of(trust), new Secret(""), false);
      return SSLContextBuilder.create().loadTrustMaterial(store, null).build();
    } catch (KeyFile.UnusableException | InvalidPathException e) {
      throw new CommandFault(CommandFault.REFUSED, "--trust: " + e.getMessage());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has these
    }
  }

  private String key() {
    String variable = System.getenv("EGRESSION_KEY");
    if (keyFile == null && variable != null && !variable.isBlank()) {
      return variable.strip();
    }
    Path file = keyFile == null ? FIRST_KEY : keyFile;
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new CommandFault(
          CommandFault.FORBIDDEN,
          "no key: %s cannot be read; name another file by --key-file, or set EGRESSION_KEY"
              .formatted(file));
    }
  }
}
