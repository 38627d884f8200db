package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.connector.Authentication.ApiKey;
import io.egression.connector.Authentication.Basic;
import io.egression.connector.Authentication.Bearer;
import io.egression.connector.Authentication.Hmac;
import io.egression.connector.Authentication.MutualTls;
import io.egression.connector.Authentication.None;
import io.egression.connector.Authentication.OAuth2;
import io.egression.connector.Authentication.StandardWebhooks;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Reads how one account is let in, from a part of a file that its schema has passed. */
final class AuthenticationReader {
  private static final Secret NONE = new Secret("");

  private final YamlFile file;
  private final String pointer;
  private final JsonNode node;
  private final UnaryOperator<String> placeholders;
  private final SecretReader secrets;
  private final List<Fault> faults;

  /**
   * @param pointer of the account
   */
  AuthenticationReader(
      YamlFile file, String pointer, UnaryOperator<String> placeholders, List<Fault> faults) {
    this.file = file;
    this.pointer = pointer + "/authentication";
    this.node = file.root().at(this.pointer);
    this.placeholders = placeholders;
    this.secrets = new SecretReader(file, placeholders, faults);
    this.faults = faults;
  }

  /** What can't be used is a fault, and stands for nothing. */
  Authentication read() {
    return switch (node.path("method").asText("none")) {
      case "apiKey" -> new ApiKey("query".equals(word("in", "")), word("name", ""), secret("key"));
      case "basic" -> basic();
      case "bearer" -> new Bearer(secret("token"));
      case "oauth2ClientCredentials", "oauth2RefreshToken" -> oauth2();
      case "hmac" -> hmac();
      case "standardWebhooks" -> standardWebhooks();
      case "mtls" -> mutualTls();
      default -> new None();
    };
  }

  private Basic basic() {
    String user = text("user");
    if (user.contains(":")) {
      fault("user", "must not contain a colon (RFC 7617, 2)");
    }
    return new Basic(user, secret("password"));
  }

  private OAuth2 oauth2() {
    List<String> scopes = new ArrayList<>();
    node.path("scopes").forEach(scope -> scopes.add(scope.asText()));
    OAuth2.Client client =
        new OAuth2.Client(
            text("clientId"),
            node.has("clientSecret") ? secret("clientSecret") : null,
            "body".equals(word("clientIn", "")));
    return new OAuth2(
        tokenUrl(), client, scopes, node.has("refreshToken") ? secret("refreshToken") : null);
  }

  private URI tokenUrl() {
    String text = text("tokenUrl");
    try {
      URI uri = URI.create(text);
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getHost() != null && uri.getFragment() == null) {
        return uri;
      }
      fault("tokenUrl", "must be an address like https://login.example.com/oauth2/token");
    } catch (IllegalArgumentException e) {
      fault("tokenUrl", "is not an address: " + e.getMessage());
    }
    return URI.create("http://localhost");
  }

  private Hmac hmac() {
    return new Hmac(
        secret("secret"),
        "Hmac" + word("algorithm", "sha256").toUpperCase(Locale.ROOT),
        word("header", "X-Signature"),
        word("timestampHeader", "X-Timestamp"),
        Hmac.Encoding.valueOf(word("encoding", "hex").toUpperCase(Locale.ROOT)),
        word("prefix", ""));
  }

  private StandardWebhooks standardWebhooks() {
    List<Secret> keys = new ArrayList<>();
    for (int i = 0; i < node.path("secrets").size(); i++) {
      Secret key = secret("secrets/" + i);
      keys.add(key);
      if (key != NONE && !isBase64(key)) {
        fault("secrets/" + i, "what it resolves to must be whsec_ and Base64, or Base64 alone");
      }
    }
    return new StandardWebhooks(keys);
  }

  private static boolean isBase64(Secret key) {
    return key.value().matches("(whsec_)?([A-Za-z0-9+/]{4})+([A-Za-z0-9+/]{2,3}={0,2})?");
  }

  private Authentication mutualTls() {
    Secret password = node.has("password") ? secret("password") : NONE;
    Optional<KeyStore> keys = store("keyStore", password, true);
    Optional<KeyStore> trusted =
        node.has("trustStore")
            ? store(
                "trustStore",
                node.has("trustStorePassword") ? secret("trustStorePassword") : NONE,
                false)
            : Optional.empty();
    return keys.<Authentication>map(
            store -> new MutualTls(new ClientKeys(store, password, trusted.orElse(null))))
        .orElseGet(None::new);
  }

  private Optional<KeyStore> store(String key, Secret password, boolean needsKey) {
    try {
      return Optional.of(KeyFile.read(Path.of(text(key)), password, needsKey));
    } catch (KeyFile.UnusableException e) {
      fault(key, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private Secret secret(String key) {
    return secrets.read(pointer + "/" + key).orElse(NONE);
  }

  /** A word that may have placeholders, and is not secret. */
  private String text(String key) {
    try {
      return placeholders.apply(word(key, ""));
    } catch (IllegalArgumentException e) {
      fault(key, String.valueOf(e.getMessage()));
      return "";
    }
  }

  private String word(String key, String other) {
    return node.has(key) ? file.word(pointer + "/" + key) : other;
  }

  private void fault(String key, String message) {
    faults.add(file.at(pointer + "/" + key, message));
  }
}
