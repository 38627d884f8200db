package io.egression.notify;

import io.egression.connector.Events;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls webhooks, signed as Standard Webhooks 1.0 has it. Thread safe. */
public final class Webhook {
  private static final Logger LOG = LoggerFactory.getLogger(Webhook.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String SECRET = "whsec_";

  private final Clock clock;
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  public Webhook(Clock clock) {
    this.clock = clock;
  }

  /**
   * Posts the body; waits at most ten seconds.
   *
   * @return whether the receiver has taken it; if not, the log says why. The same body has the same
   *     {@code webhook-id}
   */
  public boolean tell(Events.Webhook to, String contentType, String body) {
    String id = "msg_" + UUID.nameUUIDFromBytes(body.getBytes(StandardCharsets.UTF_8));
    String seconds = String.valueOf(clock.instant().getEpochSecond());
    HttpRequest request =
        HttpRequest.newBuilder(to.address())
            .timeout(PATIENCE)
            .header("Content-Type", contentType)
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature(to, id + "." + seconds + "." + body))
            .POST(BodyPublishers.ofString(body))
            .build();
    try {
      int status = http.send(request, BodyHandlers.discarding()).statusCode();
      if (status / 100 != 2) {
        LOG.warn("the webhook at {} answers {}: it is told again", host(to), status);
      }
      return status / 100 == 2;
    } catch (IOException e) {
      LOG.warn("the webhook at {} does not answer: it is told again: {}", host(to), e.toString());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** An address may have a secret, too. */
  private static String host(Events.Webhook to) {
    return to.address().getHost();
  }

  private static String signature(Events.Webhook to, String content) {
    try {
      byte[] key = Base64.getDecoder().decode(to.secret().value().substring(SECRET.length()));
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      byte[] hash = mac.doFinal(content.getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(hash);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
