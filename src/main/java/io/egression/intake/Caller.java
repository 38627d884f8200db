package io.egression.intake;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who asks, as its key says.
 *
 * @param subscriptions null: all
 */
public record Caller(String name, Role role, @Nullable Set<String> subscriptions) {
  /** What a key may do. */
  public enum Role {
    /** Hand over jobs and ask about them. */
    PRODUCER,
    /** Ask about everything. */
    VIEWER,
    /** Cancel, replay, pause. */
    OPERATOR,
    /** Keys and configuration. */
    ADMIN
  }

  public boolean maySee(String subscription) {
    return subscriptions == null || subscriptions.contains(subscription);
  }
}
