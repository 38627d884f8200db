package io.egression.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.job.AccountKey;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What has been used of each limit, for all nodes and across restarts. Permits of all limits of a
 * call are taken in one statement or none, in the database's time, grouped over concurrent callers.
 * Thread safe.
 */
public final class PermitLedger implements AutoCloseable {
  /**
   * Where the use of a limit is counted.
   *
   * @param account null: the whole connector's
   */
  public record Counter(String connector, String name, @Nullable AccountKey account) {}

  /**
   * A limit for one call; times in microseconds; see {@code limit_rule} in the schema.
   *
   * @param kind rate, window or quota
   */
  public record Rule(
      Counter counter,
      String kind,
      long pace,
      double capacity,
      long span,
      long slack,
      long cost,
      @Nullable String unit,
      String zone) {}

  /**
   * @param rules all must allow
   * @param most permits wanted, for calls one after another
   * @param lead no permit begins sooner: by then the answer has come
   * @param patience how far away after that a permit may be
   * @param turn whether it comes because its turn has come
   */
  public record Ask(List<Rule> rules, int most, Duration lead, Duration patience, boolean turn) {
    public Ask {
      rules = List.copyOf(rules);
    }
  }

  /**
   * @param slots from when calls may start; empty: none was taken
   * @param turn if none was: when to come again
   * @param bound which limit decided
   */
  public record Permits(List<Instant> slots, @Nullable Instant turn, String bound) {}

  private static final String COUNTERS =
      """
      INSERT INTO limit_counter (connector, name, account_id)
      SELECT * FROM unnest(:connectors, :names, :accounts) ORDER BY 1, 2, 3
      ON CONFLICT DO NOTHING
      """;

  private static final String COUNTER_IDS =
      """
      SELECT limit_id FROM limit_counter JOIN unnest(:connectors, :names, :accounts)
        WITH ORDINALITY AS w (connector, name, account_id, n) USING (connector, name, account_id)
      ORDER BY n
      """;

  private static final String TAKE =
      """
      SELECT ARRAY(SELECT (extract(epoch FROM s) * 1000000)::bigint FROM unnest(slots) s) AS slots,
        turn, bound
      FROM take_permits(cast(:asks AS jsonb)) ORDER BY ask
      """;

  private final Database database;
  private final Accounts accounts;
  private final Map<Counter, Integer> ids = new ConcurrentHashMap<>();
  private final ObjectMapper json = new ObjectMapper();
  private final Grouping<Ask, Permits> asks = new Grouping<>("egression-permits", this::takeAll);

  public PermitLedger(Database database, Accounts accounts) {
    this.database = database;
    this.accounts = accounts;
  }

  /** Takes permits, or a turn. Waits for the database while it is away. */
  public Permits take(Ask ask) {
    return asks.ask(ask).join();
  }

  private List<Permits> takeAll(List<Ask> group) {
    know(group.stream().flatMap(ask -> ask.rules.stream()).map(Rule::counter).toList());
    String text = write(group);
    return database.statement(
        () -> database.sql().sql(TAKE).param("asks", text).query(PermitLedger::permits).list());
  }

  private void know(List<Counter> counters) {
    List<Counter> unknown =
        counters.stream().distinct().filter(counter -> !ids.containsKey(counter)).toList();
    if (unknown.isEmpty()) {
      return;
    }
    List<Integer> found =
        database.transaction(
            () -> {
              counters(COUNTERS, unknown).update();
              return counters(COUNTER_IDS, unknown).query((row, n) -> row.getInt(1)).list();
            });
    for (int i = 0; i < found.size(); i++) {
      ids.put(unknown.get(i), found.get(i));
    }
  }

  private org.springframework.jdbc.core.simple.JdbcClient.StatementSpec counters(
      String sql, List<Counter> counters) {
    return database
        .sql()
        .sql(sql)
        .param("connectors", SqlArrays.column("text", counters, Counter::connector))
        .param("names", SqlArrays.column("text", counters, Counter::name))
        .param(
            "accounts",
            SqlArrays.column(
                "int4", counters, c -> c.account == null ? 0 : accounts.id(c.account)));
  }

  private String write(List<Ask> group) {
    ArrayNode all = json.createArrayNode();
    for (Ask ask : group) {
      ObjectNode node = all.addObject();
      node.put("most", ask.most).put("patience", ask.patience.toNanos() / 1000);
      node.put("lead", ask.lead.toNanos() / 1000).put("turn", ask.turn);
      ArrayNode limits = node.putArray("limits");
      // the same limit named twice would be taken once
      Map<Integer, Rule> byId = new TreeMap<>();
      ask.rules.forEach(rule -> byId.put(ids.get(rule.counter), rule));
      byId.forEach((id, rule) -> limits.add(node(id, rule)));
    }
    try {
      return json.writeValueAsString(all);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private ObjectNode node(int id, Rule rule) {
    return json.createObjectNode()
        .put("id", id)
        .put("kind", rule.kind)
        .put("pace", rule.pace)
        .put("capacity", rule.capacity)
        .put("span", rule.span)
        .put("slack", rule.slack)
        .put("cost", rule.cost)
        .put("unit", rule.unit)
        .put("zone", rule.zone)
        .put("name", rule.counter.name);
  }

  private static Permits permits(ResultSet row, int n) throws SQLException {
    OffsetDateTime turn = row.getObject("turn", OffsetDateTime.class);
    return new Permits(
        instants(row.getArray("slots")),
        turn == null ? null : turn.toInstant(),
        row.getString("bound"));
  }

  private static List<Instant> instants(Array array) throws SQLException {
    List<Instant> instants = new ArrayList<>();
    for (Long micros : (Long[]) array.getArray()) {
      instants.add(Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
    }
    return instants;
  }

  @Override
  public void close() {
    asks.close();
  }
}
