package io.egression.delivery;

import io.egression.connector.Authentication;
import io.egression.connector.Secret;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.time.Clock;
import java.util.Base64;
import java.util.HexFormat;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.jspecify.annotations.Nullable;

/** Puts one account's credentials on a request, as its last change. Thread safe. */
final class RequestSigner {
  private static final String AUTHORIZATION = "Authorization";

  private final Authentication authentication;
  private final Clock clock;

  RequestSigner(Authentication authentication, Clock clock) {
    this.authentication = authentication;
    this.clock = clock;
  }

  /**
   * Signs the request, whose body stays as it is.
   *
   * @param token that was fetched for it
   */
  void sign(ClassicHttpRequest request, @Nullable AccessToken token) throws IOException {
    if (authentication instanceof Authentication.ApiKey key) {
      apiKey(request, key);
    } else if (authentication instanceof Authentication.Basic basic) {
      request.setHeader(AUTHORIZATION, "Basic " + basic.credentials().value());
    } else if (authentication instanceof Authentication.Bearer bearer) {
      request.setHeader(AUTHORIZATION, "Bearer " + bearer.token().value());
    } else if (authentication instanceof Authentication.OAuth2) {
      request.setHeader(AUTHORIZATION, "Bearer " + fetched(token).value());
    } else if (authentication instanceof Authentication.Hmac hmac) {
      hmac(request, hmac);
    } else if (authentication instanceof Authentication.StandardWebhooks webhooks) {
      standardWebhooks(request, webhooks);
    }
  }

  private static AccessToken fetched(@Nullable AccessToken token) {
    if (token == null) {
      throw new IllegalStateException(
          "no access token is at hand: a Kamelet must make its call on the thread it is given");
    }
    return token;
  }

  private static void apiKey(ClassicHttpRequest request, Authentication.ApiKey key) {
    if (key.inQuery()) {
      String path = request.getPath();
      request.setPath(
          path
              + (path.contains("?") ? "&" : "?")
              + encoded(key.name())
              + "="
              + encoded(key.key().value()));
    } else {
      request.setHeader(key.name(), key.key().value());
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private void hmac(ClassicHttpRequest request, Authentication.Hmac hmac) throws IOException {
    String timestamp = seconds();
    byte[] key = hmac.secret().value().getBytes(StandardCharsets.UTF_8);
    byte[] signature = mac(hmac.algorithm(), key, timestamp + ".", body(request));
    String text =
        hmac.encoding() == Authentication.Hmac.Encoding.HEX
            ? HexFormat.of().formatHex(signature)
            : Base64.getEncoder().encodeToString(signature);
    request.setHeader(hmac.timestampHeader(), timestamp);
    request.setHeader(hmac.header(), hmac.prefix() + text);
  }

  /** The specification's "Webhook metadata" and "Signature scheme": {@code id.timestamp.body}. */
  private void standardWebhooks(
      ClassicHttpRequest request, Authentication.StandardWebhooks webhooks) throws IOException {
    Header key = request.getFirstHeader("Idempotency-Key");
    if (key == null) {
      throw new IllegalStateException("without an Idempotency-Key a webhook has no id");
    }
    String timestamp = seconds();
    byte[] body = body(request);
    String signatures =
        webhooks.keys().stream()
            .map(secret -> "v1," + webhookSignature(secret, key.getValue(), timestamp, body))
            .collect(Collectors.joining(" "));
    request.setHeader("webhook-id", key.getValue());
    request.setHeader("webhook-timestamp", timestamp);
    request.setHeader("webhook-signature", signatures);
  }

  private static String webhookSignature(Secret key, String id, String timestamp, byte[] body) {
    byte[] bytes = Authentication.StandardWebhooks.bytes(key);
    byte[] signature = mac("HmacSHA256", bytes, id + "." + timestamp + ".", body);
    return Base64.getEncoder().encodeToString(signature);
  }

  private String seconds() {
    return String.valueOf(clock.instant().getEpochSecond());
  }

  /** The bytes that are sent; a body that can be read once is replaced by them. */
  private static byte[] body(ClassicHttpRequest request) throws IOException {
    HttpEntity entity = request.getEntity();
    if (entity == null) {
      return new byte[0];
    }
    byte[] bytes = EntityUtils.toByteArray(entity);
    ContentType type = ContentType.parseLenient(entity.getContentType());
    request.setEntity(new ByteArrayEntity(bytes, type, entity.getContentEncoding()));
    return bytes;
  }

  private static byte[] mac(String algorithm, byte[] key, String before, byte[] body) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(key, algorithm));
      mac.update(before.getBytes(StandardCharsets.UTF_8));
      return mac.doFinal(body);
    } catch (InvalidKeyException e) {
      throw new IllegalStateException("not a key for " + algorithm, e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has these algorithms
    }
  }
}
