package io.egression.connector;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How a connector knows that a call is the merchant's; chosen by the account. */
public sealed interface Authentication {
  /** The word in the account's file. */
  String method();

  /** All that must not be seen. */
  default List<Secret> secrets() {
    return List.of();
  }

  /** Why no call can be let in any more, whatever the connector says. */
  default Optional<String> invalid() {
    return Optional.empty();
  }

  /** The connector asks for nothing, or its Kamelet sees to it. */
  record None() implements Authentication {
    @Override
    public String method() {
      return "none";
    }
  }

  /**
   * A fixed key.
   *
   * @param inQuery it goes into the query instead of a header
   * @param name the header's or the query parameter's
   */
  record ApiKey(boolean inQuery, String name, Secret key) implements Authentication {
    @Override
    public String method() {
      return "apiKey";
    }

    @Override
    public List<Secret> secrets() {
      return List.of(key);
    }
  }

  /** A user and a password, in UTF-8 (RFC 7617). */
  record Basic(String user, Secret password) implements Authentication {
    @Override
    public String method() {
      return "basic";
    }

    /** User and password as they are sent. */
    public Secret credentials() {
      byte[] both = (user + ":" + password.value()).getBytes(StandardCharsets.UTF_8);
      return new Secret(Base64.getEncoder().encodeToString(both));
    }

    @Override
    public List<Secret> secrets() {
      return List.of(password, credentials());
    }
  }

  /** A fixed token (RFC 6750, 2.1). */
  record Bearer(Secret token) implements Authentication {
    @Override
    public String method() {
      return "bearer";
    }

    @Override
    public List<Secret> secrets() {
      return List.of(token);
    }
  }

  /**
   * A token that is fetched: with the client's own credentials (RFC 6749, 4.4) or with a refresh
   * token (RFC 6749, 6).
   *
   * @param refreshToken null: with the client's credentials
   */
  record OAuth2(URI tokenUrl, Client client, List<String> scopes, @Nullable Secret refreshToken)
      implements Authentication {
    /**
     * The client (RFC 6749, 2.3.1).
     *
     * @param secret null: a public client
     * @param inBody id and secret go into the body instead of a Basic header
     */
    public record Client(String id, @Nullable Secret secret, boolean inBody) {}

    public OAuth2 {
      scopes = List.copyOf(scopes);
    }

    @Override
    public String method() {
      return refreshToken == null ? "oauth2ClientCredentials" : "oauth2RefreshToken";
    }

    @Override
    public List<Secret> secrets() {
      return Stream.of(client.secret, refreshToken)
          .flatMap(secret -> Stream.ofNullable(secret))
          .toList();
    }
  }

  /**
   * A signature over {@code <seconds since 1970>.<body>}.
   *
   * @param algorithm as the JDK names it
   * @param prefix stands before the signature
   */
  record Hmac(
      Secret secret,
      String algorithm,
      String header,
      String timestampHeader,
      Encoding encoding,
      String prefix)
      implements Authentication {
    /** How the signature is written. */
    public enum Encoding {
      HEX,
      BASE64
    }

    @Override
    public String method() {
      return "hmac";
    }

    @Override
    public List<Secret> secrets() {
      return List.of(secret);
    }
  }

  /**
   * Standard Webhooks (its specification, "Signature scheme").
   *
   * @param keys all of them sign, so that a new secret can take an old one's place
   */
  record StandardWebhooks(List<Secret> keys) implements Authentication {
    public StandardWebhooks {
      keys = List.copyOf(keys);
    }

    @Override
    public String method() {
      return "standardWebhooks";
    }

    @Override
    public List<Secret> secrets() {
      return Stream.concat(
              keys.stream(),
              keys.stream().map(key -> new Secret(key.value().replaceFirst("^whsec_", ""))))
          .toList();
    }

    /** A secret's bytes: Base64, also with the prefix that tells what it is. */
    public static byte[] bytes(Secret key) {
      return Base64.getDecoder().decode(key.value().replaceFirst("^whsec_", ""));
    }
  }

  /** A certificate of the merchant's, shown in the TLS handshake (RFC 8446, 4.4.2). */
  record MutualTls(ClientKeys keys) implements Authentication {
    @Override
    public String method() {
      return "mtls";
    }

    @Override
    public List<Secret> secrets() {
      return keys.passwords();
    }

    @Override
    public Optional<String> invalid() {
      return keys.invalid();
    }
  }
}
