package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Secret;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What asking for a token came to (RFC 6749, 5). */
sealed interface TokenReply {
  ObjectMapper JSON = new ObjectMapper();

  /** For an answer that says nothing of it: soon enough not to be refused often. */
  Duration LIFETIME = Duration.ofMinutes(5);

  double LONGEST_LIFETIME = Duration.ofDays(365).toSeconds();

  /** RFC 6749, 5.2: what asking once more won't change. */
  Set<String> WRONG =
      Set.of(
          "invalid_client",
          "invalid_grant",
          "unauthorized_client",
          "unsupported_grant_type",
          "invalid_scope");

  /**
   * A token.
   *
   * @param refreshToken the one to use from now on; null: as before
   */
  record Granted(AccessToken token, @Nullable Secret refreshToken) implements TokenReply {}

  /** The credentials are wrong: asking again won't help. */
  record Refused(String reason) implements TokenReply {}

  /** No answer that can be used; another time there may be. */
  record Away(String reason) implements TokenReply {}

  /**
   * What an answer means. Of its words only the known errors are repeated: the others may be
   * secret.
   *
   * @param asked when it was asked for: a token's life may have begun then
   */
  static TokenReply of(int status, byte[] body, Instant asked) throws IOException {
    JsonNode json = json(body);
    String error = json == null ? "" : json.path("error").asText();
    if (WRONG.contains(error) && status < 500) {
      return new Refused(error + " (status " + status + ")");
    }
    if (status == 401) {
      return new Refused("status 401");
    }
    if (status != 200) {
      return new Away("status " + status);
    }
    return json == null || !json.isObject()
        ? new Away("its answer is not a JSON object")
        : granted(json, asked);
  }

  private static TokenReply granted(JsonNode json, Instant asked) {
    String type = json.path("token_type").asText("Bearer");
    String token = json.path("access_token").asText();
    if (!type.equalsIgnoreCase("Bearer") || !token.matches("[!-~]+")) {
      return new Away("its answer has no bearer token");
    }
    String next = json.path("refresh_token").asText();
    return new Granted(
        new AccessToken(token, asked, lifetime(json)), next.isEmpty() ? null : new Secret(next));
  }

  private static @Nullable JsonNode json(byte[] body) throws IOException {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return null; // what this means depends on the status
    }
  }

  /** Seconds, of some vendors as a text (RFC 6749, 5.1). */
  private static Duration lifetime(JsonNode json) {
    double seconds = json.path("expires_in").asDouble(-1);
    return seconds < 0 ? LIFETIME : Duration.ofSeconds((long) Math.min(seconds, LONGEST_LIFETIME));
  }
}
