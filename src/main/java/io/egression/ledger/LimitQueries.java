package io.egression.ledger;

import io.egression.ledger.PermitLedger.Counter;
import io.egression.ledger.PermitLedger.Rule;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;

/** Reads how much is left of limits; takes nothing. Thread safe. */
public final class LimitQueries {
  /**
   * @param left permits that may be taken now
   * @param of the most that can be
   * @param next when the next permit is there; in the past or now: it is there
   */
  public record Left(long left, long of, Instant next) {}

  private static final String LEFT =
      """
      SELECT u.n, u.capacity::bigint AS capacity, hub_now() AS now,
        limit_free(c, row(c.limit_id, u.kind, u.pace, u.capacity, u.span, 0, 1, u.unit, u.zone, u.name)::limit_rule,
          hub_now()) AS next,
        greatest(0, floor(CASE u.kind
          WHEN 'rate' THEN u.capacity - greatest(0, extract(epoch FROM c.at - hub_now()) * 1000000 / u.pace)
          WHEN 'window' THEN u.capacity - least(u.capacity, c.taken - coalesce(
            (SELECT max(w.upto) FROM limit_use w
             WHERE w.limit_id = c.limit_id AND w.at <= hub_now() - micros(u.span)), 0))
          ELSE u.capacity - CASE WHEN c.at = date_trunc(u.unit, hub_now(), u.zone) THEN c.taken ELSE 0 END
          END))::bigint AS permits
      FROM unnest(:connectors, :names, :subscriptions, :channels, :kinds, :paces, :capacities, :spans, :units, :zones)
        WITH ORDINALITY AS u (connector, name, subscription, channel, kind, pace, capacity, span, unit, zone, n)
      LEFT JOIN account a ON a.subscription = u.subscription AND a.channel = u.channel
      LEFT JOIN limit_counter c ON c.connector = u.connector AND c.name = u.name
        AND c.account_id = coalesce(a.account_id, 0)
      ORDER BY u.n
      """;

  private final Database database;

  public LimitQueries(Database database) {
    this.database = database;
  }

  /** One for each rule, in their order. */
  public List<Left> left(List<Rule> rules) {
    return rules.isEmpty() ? List.of() : database.statement(() -> ask(rules));
  }

  private List<Left> ask(List<Rule> rules) {
    List<Counter> counters = rules.stream().map(Rule::counter).toList();
    return database
        .sql()
        .sql(LEFT)
        .param("connectors", SqlArrays.column("text", counters, Counter::connector))
        .param("names", SqlArrays.column("text", counters, Counter::name))
        .param(
            "subscriptions",
            SqlArrays.column(
                "text", counters, c -> c.account() == null ? null : c.account().subscription()))
        .param(
            "channels",
            SqlArrays.column(
                "text", counters, c -> c.account() == null ? null : c.account().channel()))
        .param("kinds", SqlArrays.column("text", rules, Rule::kind))
        .param("paces", SqlArrays.column("int8", rules, Rule::pace))
        .param("capacities", SqlArrays.column("float8", rules, Rule::capacity))
        .param("spans", SqlArrays.column("int8", rules, Rule::span))
        .param("units", SqlArrays.column("text", rules, Rule::unit))
        .param("zones", SqlArrays.column("text", rules, Rule::zone))
        .query(LimitQueries::left)
        .list();
  }

  /** A limit that was never used has no counter yet. */
  private static Left left(ResultSet row, int n) throws SQLException {
    OffsetDateTime next = row.getObject("next", OffsetDateTime.class);
    OffsetDateTime at = next == null ? row.getObject("now", OffsetDateTime.class) : next;
    long permits = row.getLong("permits");
    long capacity = row.getLong("capacity");
    return new Left(row.wasNull() || next == null ? capacity : permits, capacity, at.toInstant());
  }
}
