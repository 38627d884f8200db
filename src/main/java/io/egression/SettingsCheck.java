package io.egression;

import io.egression.connector.Events;
import io.egression.connector.KeyFile;
import io.egression.connector.Secret;
import io.egression.intake.JmsIntake;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Checks the values of the settings. */
final class SettingsCheck {

  private final UnaryOperator<String> text;
  private final List<String> faults = new ArrayList<>();

  /**
   * @param text the value of a key; empty if it has none
   */
  SettingsCheck(UnaryOperator<String> text) {
    this.text = text;
  }

  /** What would be right, for each that is not. */
  List<String> faults() {
    number("egression.http.port", 0, 65_535);
    number("egression.http.max-body", 1024, 1_073_741_824);
    number("egression.http.rate", 1, 1_000_000);
    number("egression.http.body-timeout", 1, 600);
    number("egression.database.pool", 4, 1000);
    notEmpty("egression.http.host");
    tls();
    notEmpty("egression.data.dir");
    path("egression.data.dir");
    path("egression.broker.config");
    address("egression.metadata.url");
    number("egression.metadata.timeout", 1, 30);
    number("egression.metadata.max-body", 1024, 104_857_600);
    number("egression.metadata.cache", 0, 4_294_967_296L);
    number("egression.metadata.batch", 1, 1000);
    number("egression.metadata.rate", 0, 100_000);
    number("egression.retention.every", 1, 86_400);
    users();
    metadataCredentials();
    oidc();
    yesOrNo("egression.camel.cli");
    yesOrNo("egression.metrics.accounts");
    if (!text.apply("egression.traces.url").isEmpty()) {
      address("egression.traces.url");
    }
    notices();
    startsWith("egression.database.url", "jdbc:postgresql:");
    startsWith("egression.broker.url", "tcp://", "vm://", "(");
    directory("egression.routes.dir");
    directory("egression.connectors.dir");
    return faults;
  }

  private void tls() {
    String file = "egression.http.tls.file";
    String password = "egression.http.tls.password";
    if (text.apply(file).isEmpty()) {
      if (!text.apply(password).isEmpty()) {
        faults.add(password + ": there is no " + file);
      }
    } else if (path(file)) {
      try {
        ServerTls.read(Path.of(text.apply(file)), new Secret(text.apply(password)));
      } catch (KeyFile.UnusableException e) {
        faults.add(file + ": " + e.getMessage());
      }
    }
  }

  private void oidc() {
    if (text.apply("egression.oidc.issuer").isEmpty()) {
      for (String key : List.of("egression.oidc.audience", "egression.oidc.keys")) {
        if (!text.apply(key).isEmpty()) {
          faults.add(key + ": there is no egression.oidc.issuer");
        }
      }
      return;
    }
    notEmpty("egression.oidc.audience");
    address("egression.oidc.keys");
    notEmpty("egression.oidc.role-claim");
    notEmpty("egression.oidc.subscriptions-claim");
  }

  private void users() {
    try {
      JmsIntake.users(text.apply("egression.jms.users"));
    } catch (IllegalArgumentException e) {
      faults.add("egression.jms.users: " + e.getMessage());
    }
  }

  private void wrong(String key, String right) {
    faults.add("%s: '%s' %s".formatted(key, text.apply(key), right));
  }

  private void number(String key, long least, long most) {
    String value = text.apply(key);
    if (!value.matches("[0-9]{1,10}")
        || Long.parseLong(value) < least
        || Long.parseLong(value) > most) {
      wrong(key, "is not a whole number from %d to %d".formatted(least, most));
    }
  }

  /** The secret is not repeated in what is said. */
  private void notices() {
    number("egression.notify.dead", 1, 1_000_000);
    if (text.apply("egression.notify.url").isEmpty()) {
      return;
    }
    address("egression.notify.url");
    if (!text.apply("egression.notify.secret").matches(Events.Webhook.SECRET)) {
      faults.add(
          "egression.notify.secret: must be whsec_ and at least 24 bytes in base64, as Standard"
              + " Webhooks has it");
    }
  }

  private void yesOrNo(String key) {
    if (!text.apply(key).matches("true|false")) {
      wrong(key, "is neither true nor false");
    }
  }

  /** None of them is repeated in what is said. */
  private void metadataCredentials() {
    String token = "egression.metadata.token";
    String user = "egression.metadata.user";
    String password = "egression.metadata.password";
    if (!text.apply(token).matches("[A-Za-z0-9._~+/-]*=*")) {
      faults.add(token + ": is not a bearer token (letters, digits and . _ ~ + / - =)");
    }
    if (!text.apply(token).isEmpty() && !text.apply(user).isEmpty()) {
      faults.add(token + ": there is an egression.metadata.user too; one of them is enough");
    }
    if (text.apply(user).contains(":")) {
      faults.add(user + ": must not have a colon (RFC 7617)");
    }
    if (!text.apply(password).isEmpty() && text.apply(user).isEmpty()) {
      faults.add(password + ": there is no egression.metadata.user");
    }
  }

  private void notEmpty(String key) {
    if (text.apply(key).isEmpty()) {
      wrong(key, "must not be empty");
    }
  }

  private void startsWith(String key, String... schemes) {
    String value = text.apply(key);
    if (!value.isEmpty() && List.of(schemes).stream().noneMatch(value::startsWith)) {
      wrong(key, "must start with " + String.join(" or ", schemes));
    }
  }

  private void address(String key) {
    try {
      URI uri = new URI(text.apply(key));
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getQuery() == null && uri.getFragment() == null) {
        return;
      }
    } catch (URISyntaxException e) {
      // told below
    }
    wrong(key, "must be an address: http://host:port/path");
  }

  private void directory(String key) {
    if (path(key) && !Files.isDirectory(Path.of(text.apply(key)))) {
      wrong(key, "is not a directory (working directory: " + Path.of("").toAbsolutePath() + ")");
    }
  }

  private boolean path(String key) {
    try {
      Path.of(text.apply(key));
      return true;
    } catch (InvalidPathException e) {
      wrong(key, "is not a path");
      return false;
    }
  }
}
