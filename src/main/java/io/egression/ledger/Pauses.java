package io.egression.ledger;

import io.egression.job.AccountKey;
import io.egression.job.Outcome;
import io.egression.job.Outcome.PauseScope;

/** Pauses of accounts and connectors, shared by all nodes. Thread safe. */
public final class Pauses {
  private static final String ACCOUNT =
      """
      UPDATE account SET paused_reason = :reason,
        paused_until = coalesce(hub_now() + :millis * interval '1 millisecond', 'infinity')
      WHERE subscription = :subscription AND channel = :channel
        AND coalesce(paused_until, '-infinity')
          < coalesce(hub_now() + :millis * interval '1 millisecond', 'infinity')
      """;

  private static final String CONNECTOR =
      """
      UPDATE connector SET paused_reason = :reason,
        paused_until = coalesce(hub_now() + :millis * interval '1 millisecond', 'infinity')
      WHERE connector =
          (SELECT connector FROM account WHERE subscription = :subscription AND channel = :channel)
        AND coalesce(paused_until, '-infinity')
          < coalesce(hub_now() + :millis * interval '1 millisecond', 'infinity')
      """;

  private final Database database;

  public Pauses(Database database) {
    this.database = database;
  }

  /** Stops new calls of the account, or of its connector; never shortens a pause. */
  public void pause(AccountKey account, Outcome.Pause pause) {
    database.statement(
        () ->
            database
                .sql()
                .sql(pause.scope() == PauseScope.ACCOUNT ? ACCOUNT : CONNECTOR)
                .param("reason", pause.reason())
                .param(
                    "millis",
                    pause.after() == null ? null : pause.after().toMillis(),
                    java.sql.Types.BIGINT)
                .param("subscription", account.subscription())
                .param("channel", account.channel())
                .update());
  }
}
