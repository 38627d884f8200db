package io.egression.connector;

import io.egression.ledger.Endings.Listener;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who is told when a job of a subscription has ended.
 *
 * @param topic whether subscribers of the broker's address for events are
 */
public record Events(boolean topic, @Nullable Webhook webhook) {
  /** Nobody. */
  public static final Events NONE = new Events(false, null);

  /**
   * A receiver of Standard Webhooks.
   *
   * @param secret {@code whsec_} and base64
   */
  public record Webhook(URI address, Secret secret) {
    /** A regular expression: what a secret looks like; at least 24 bytes. */
    public static final String SECRET =
        "whsec_(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?";
  }

  /** As the ledger knows them. */
  public List<Listener> listeners() {
    List<Listener> listeners = new ArrayList<>();
    if (topic) {
      listeners.add(Listener.TOPIC);
    }
    if (webhook != null) {
      listeners.add(Listener.WEBHOOK);
    }
    return listeners;
  }
}
