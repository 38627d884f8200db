package io.egression.ledger;

import io.egression.job.AccountKey;
import io.egression.job.Outcome.PauseScope;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Pauses of accounts and connectors, shared by all nodes; the backlog is kept. Thread safe. */
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
      WHERE connector = :connector AND coalesce(paused_until, '-infinity')
          < coalesce(hub_now() + :millis * interval '1 millisecond', 'infinity')
      """;

  private static final String RESUME_ACCOUNT =
      """
      UPDATE account SET paused_until = NULL, paused_reason = NULL, probing = false
      WHERE subscription = :subscription AND channel = :channel
      """;

  private static final String PROBING =
      """
      UPDATE account SET probing = :probing WHERE subscription = :subscription AND channel = :channel
      """;

  private static final String RESUME_CONNECTOR =
      "UPDATE connector SET paused_until = NULL, paused_reason = NULL WHERE connector = :connector";

  private static final String QUEUES =
      """
      UPDATE connector c SET queue_paused = s.paused
      FROM unnest(:connectors, :paused) AS s (connector, paused)
      WHERE c.connector = s.connector AND c.queue_paused <> s.paused
      """;

  private final Database database;

  public Pauses(Database database) {
    this.database = database;
  }

  /** What a pause stops: an account, and how its connector is called. */
  public record Target(AccountKey account, String connector) {}

  /**
   * Stops new calls; never shortens a pause.
   *
   * @param time null: until an operator resumes it
   */
  public void pause(Target target, PauseScope scope, @Nullable Duration time, String reason) {
    if (scope == PauseScope.ACCOUNT) {
      pauseAccount(target.account, time, reason);
    } else {
      pauseConnector(target.connector, time, reason);
    }
  }

  /** See {@link #pause}. */
  public void pauseAccount(AccountKey account, @Nullable Duration time, String reason) {
    database.statement(
        () ->
            database
                .sql()
                .sql(ACCOUNT)
                .param("reason", reason)
                .param("millis", time == null ? null : time.toMillis(), Types.BIGINT)
                .param("subscription", account.subscription())
                .param("channel", account.channel())
                .update());
  }

  /** See {@link #pause}. */
  public void pauseConnector(String connector, @Nullable Duration time, String reason) {
    database.statement(
        () ->
            database
                .sql()
                .sql(CONNECTOR)
                .param("reason", reason)
                .param("millis", time == null ? null : time.toMillis(), Types.BIGINT)
                .param("connector", connector)
                .update());
  }

  /** Pauses the account; after that one run at a time is sent, until {@link #closeBreaker}. */
  public void openBreaker(AccountKey account, Duration time, String reason) {
    pauseAccount(account, time, reason);
    probing(account, true);
  }

  /** The account works again. */
  public void closeBreaker(AccountKey account) {
    probing(account, false);
  }

  private void probing(AccountKey account, boolean probing) {
    database.statement(
        () ->
            database
                .sql()
                .sql(PROBING)
                .param("probing", probing)
                .param("subscription", account.subscription())
                .param("channel", account.channel())
                .update());
  }

  /**
   * What was seen of the connectors' queues in the broker: whoever asks is told. It is the broker
   * that keeps what is in a paused queue.
   */
  public void queues(Map<String, Boolean> paused) {
    List<Map.Entry<String, Boolean>> rows = List.copyOf(paused.entrySet());
    database.statement(
        () ->
            database
                .sql()
                .sql(QUEUES)
                .param("connectors", SqlArrays.column("text", rows, Map.Entry::getKey))
                .param("paused", SqlArrays.column("bool", rows, Map.Entry::getValue))
                .update());
  }

  /** Lets the account go on; false if there is none. */
  public boolean resumeAccount(AccountKey account) {
    return database.statement(
            () ->
                database
                    .sql()
                    .sql(RESUME_ACCOUNT)
                    .param("subscription", account.subscription())
                    .param("channel", account.channel())
                    .update())
        > 0;
  }

  /** Lets the connector go on; false if there is none. */
  public boolean resumeConnector(String connector) {
    return database.statement(
            () -> database.sql().sql(RESUME_CONNECTOR).param("connector", connector).update())
        > 0;
  }
}
