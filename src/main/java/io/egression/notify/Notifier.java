package io.egression.notify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Events;
import io.egression.intake.AccountView;
import io.egression.intake.Overview;
import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.Notices;
import io.egression.ledger.Notices.Due;
import io.egression.ledger.Notices.Notice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells somebody, by a webhook (Standard Webhooks), when an account is paused until an operator
 * resumes it, a key is held, a belt is blocked, many jobs of an account die, or nobody takes a
 * subscription's events. Each is told once, by one of the nodes, and again and again until the
 * receiver takes it. Thread safe.
 */
public final class Notifier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);
  private static final Duration PERIOD = Duration.ofSeconds(5);

  /**
   * @param dead so many deaths of an account in an hour are told
   */
  public record Receiver(Events.Webhook to, int dead) {}

  private final Receiver receiver;
  private final Overview overview;
  private final Notices notices;
  private final Webhook webhook;
  private final ObjectMapper json;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-notifier");
            thread.setDaemon(true);
            return thread;
          });

  public Notifier(
      Receiver receiver, Overview overview, Notices notices, Webhook webhook, ObjectMapper json) {
    this.receiver = receiver;
    this.overview = overview;
    this.notices = notices;
    this.webhook = webhook;
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
    now.addAll(notices.stuckListeners());
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
      return webhook.tell(receiver.to, "application/json", body(due));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same each time it is told. */
  private String body(Due due) throws JsonProcessingException {
    return json.writeValueAsString(
        new TreeMap<>(
            Map.of(
                "type", due.notice().kind(),
                "timestamp", due.beganAt(),
                "data",
                    new TreeMap<>(
                        Map.of("subject", due.notice().subject(), "text", due.notice().text())))));
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
