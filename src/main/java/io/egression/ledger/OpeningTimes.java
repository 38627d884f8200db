package io.egression.ledger;

import io.egression.job.AccountKey;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The accounts' present or next delivery hours, shared by all nodes. Thread safe. */
public final class OpeningTimes {
  /**
   * @param hours in words; null: always, and so are the times
   */
  public record Opening(
      AccountKey account, @Nullable String hours, @Nullable Instant from, @Nullable Instant to) {}

  private static final String OVER =
      "SELECT subscription, channel FROM account WHERE open_to <= hub_now() AND configured";

  private static final String SET =
      """
      UPDATE account a SET hours = o.hours, open_from = o.open_from, open_to = o.open_to
      FROM unnest(:subscriptions, :channels, :hours, :froms, :tos)
        AS o (subscription, channel, hours, open_from, open_to)
      WHERE a.subscription = o.subscription AND a.channel = o.channel
        AND (a.hours, a.open_from, a.open_to) IS DISTINCT FROM (o.hours, o.open_from, o.open_to)
      """;

  private final Database database;

  public OpeningTimes(Database database) {
    this.database = database;
  }

  /** The accounts whose interval has ended: they need the next one. */
  public List<AccountKey> over() {
    return database.statement(
        () ->
            database
                .sql()
                .sql(OVER)
                .query(
                    (row, n) ->
                        new AccountKey(row.getString("subscription"), row.getString("channel")))
                .list());
  }

  public void set(List<Opening> openings) {
    if (!openings.isEmpty()) {
      database.statement(
          () ->
              database
                  .sql()
                  .sql(SET)
                  .param(
                      "subscriptions",
                      SqlArrays.column("text", openings, each -> each.account.subscription()))
                  .param(
                      "channels",
                      SqlArrays.column("text", openings, each -> each.account.channel()))
                  .param("hours", SqlArrays.column("text", openings, Opening::hours))
                  .param("froms", SqlArrays.column("timestamptz", openings, Opening::from))
                  .param("tos", SqlArrays.column("timestamptz", openings, Opening::to))
                  .update());
    }
  }
}
