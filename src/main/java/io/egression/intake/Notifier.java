package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.Notices;
import io.egression.ledger.Notices.Due;
import io.egression.ledger.Notices.Notice;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells somebody, by a webhook (Standard Webhooks), when an account is paused until an operator
 * resumes it, a key is held, a belt is blocked, or many jobs of an account die. Each is told once,
 * by one of the nodes, and again and again until the receiver takes it. Thread safe.
 */
public final class Notifier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);
  private static final Duration PERIOD = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String SECRET = "whsec_";

  /**
   * @param secret of Standard Webhooks: {@code whsec_} and base64
   * @param dead so many deaths of an account in an hour are told
   */
  public record Receiver(URI address, String secret, int dead) {
    @Override
    public String toString() {
      return "Receiver[" + address + "]"; // without the secret
    }
  }

  private final Receiver receiver;
  private final Overview overview;
  private final Notices notices;
  private final Clock clock;
  private final ObjectMapper json;
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-notifier");
            thread.setDaemon(true);
            return thread;
          });

  public Notifier(
      Receiver receiver, Overview overview, Notices notices, Clock clock, ObjectMapper json) {
    this.receiver = receiver;
    this.overview = overview;
    this.notices = notices;
    this.clock = clock;
    this.json = json;
  }

  /** Looks from now on. */
  public void start() {
    timer.scheduleWithFixedDelay(
        this::tryToLook, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void tryToLook() {
    try {
      for (Due due : notices.see(now())) {
        notices.told(due.notice(), tell(due));
      }
    } catch (LedgerAwayException e) {
      LOG.debug("notices wait: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("notices failed and are tried again", e);
    }
  }

  private List<Notice> now() {
    List<Notice> now = new ArrayList<>(notices.blockedBelts());
    for (AccountView account : overview.accounts()) {
      String name = account.subscription() + "/" + account.channel();
      if (account.state().equals("paused") && account.until() == null) {
        now.add(new Notice("account.paused", name, name + ": " + account.text()));
      }
      if (account.lanes().held() > 0) {
        String text = "%s: %d keys are held for dead jobs.".formatted(name, account.lanes().held());
        now.add(new Notice("keys.held", name, text));
      }
      if (account.lastHour().dead() >= receiver.dead) {
        String text =
            "%s: %d jobs died in the last hour.".formatted(name, account.lastHour().dead());
        now.add(new Notice("dead.growing", name, text));
      }
    }
    return now;
  }

  private boolean tell(Due due) {
    try {
      String body = body(due);
      String id = "msg_" + UUID.nameUUIDFromBytes(body.getBytes(StandardCharsets.UTF_8));
      String seconds = String.valueOf(clock.instant().getEpochSecond());
      HttpRequest request =
          HttpRequest.newBuilder(receiver.address)
              .timeout(PATIENCE)
              .header("Content-Type", "application/json")
              .header("webhook-id", id)
              .header("webhook-timestamp", seconds)
              .header("webhook-signature", signature(id + "." + seconds + "." + body))
              .POST(BodyPublishers.ofString(body))
              .build();
      int status = http.send(request, BodyHandlers.discarding()).statusCode();
      if (status / 100 != 2) {
        LOG.warn("the receiver of notices answers {}: it is told again", status);
      }
      return status / 100 == 2;
    } catch (IOException e) {
      LOG.warn("the receiver of notices does not answer: it is told again: {}", e.toString());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The same each time it is told. */
  private String body(Due due) throws JsonProcessingException {
    return json.writeValueAsString(
        new java.util.TreeMap<>(
            Map.of(
                "type", due.notice().kind(),
                "timestamp", due.beganAt(),
                "data",
                    new java.util.TreeMap<>(
                        Map.of("subject", due.notice().subject(), "text", due.notice().text())))));
  }

  private String signature(String content) {
    try {
      byte[] key = Base64.getDecoder().decode(receiver.secret.substring(SECRET.length()));
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      byte[] hash = mac.doFinal(content.getBytes(StandardCharsets.UTF_8));
      return "v1," + Base64.getEncoder().encodeToString(hash);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
