package io.egression.intake;

import io.egression.ledger.OverviewQueries.AccountRow;
import io.egression.ledger.OverviewQueries.Pause;
import io.egression.ledger.OverviewQueries.Waiting;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An account's or a connector's state in a word and a sentence.
 *
 * @param until when it goes on by itself
 */
record Standing(String state, String text, @Nullable Instant until) {
  /** What the hub itself writes when a connector asks for fewer calls. */
  private static final String THROTTLED = "throttled: ";

  private static final String SPENT = "the connector says that no call is left";

  static Standing of(AccountRow row) {
    if (!row.configured()) {
      return new Standing("removed", "The account is not configured any more.", null);
    }
    if (row.paused() != null) {
      return paused("The account", row.paused());
    }
    if (row.connectorPaused() != null) {
      return paused("The connector", row.connectorPaused());
    }
    if (row.lanes().running() + row.lanes().queued() + row.lanes().ready() > 0) {
      return new Standing("running", running(row), null);
    }
    return standing(row);
  }

  private static String running(AccountRow row) {
    String held = row.lanes().held() == 0 ? "" : " %d keys are held.".formatted(row.lanes().held());
    return "%d jobs are on their way.%s".formatted(row.lanes().open(), held);
  }

  private static Standing standing(AccountRow row) {
    if (row.lanes().held() > 0) {
      return new Standing(
          "held",
          "%d keys are held until an operator decides: %s."
              .formatted(row.lanes().held(), row.held()),
          null);
    }
    if (row.limited() != null) {
      return waiting("throttled", "Waits for its turn: ", row.limited());
    }
    if (row.retry() != null) {
      return waiting("waiting", "Tries again: ", row.retry());
    }
    return row.lanes().unplaced() > 0
        ? new Standing("waiting", "Its jobs are not due yet.", null)
        : new Standing("idle", "Nothing to do.", null);
  }

  private static Standing waiting(String state, String text, Waiting waiting) {
    String until = waiting.until() == null ? "" : ", until " + waiting.until();
    return new Standing(state, text + waiting.reason() + until + ".", waiting.until());
  }

  /** Of a connector. */
  static Standing ofConnector(@Nullable Pause pause) {
    return pause == null
        ? new Standing("running", "It may be called.", null)
        : paused("The connector", pause);
  }

  private static Standing paused(String what, Pause pause) {
    boolean throttled = pause.reason().startsWith(THROTTLED) || pause.reason().equals(SPENT);
    String reason =
        pause.reason().startsWith(THROTTLED)
            ? pause.reason().substring(THROTTLED.length())
            : pause.reason();
    return new Standing(
        throttled ? "throttled" : "paused",
        "%s is %s until %s: %s."
            .formatted(
                what,
                throttled ? "throttled" : "paused",
                pause.forever() ? "an operator resumes it" : pause.until(),
                reason),
        pause.forever() ? null : pause.until());
  }
}
