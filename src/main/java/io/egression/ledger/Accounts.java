package io.egression.ledger;

import io.egression.job.AccountKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The accounts' rows: what the ledger must know of the configuration. Thread safe. */
public final class Accounts {
  /**
   * An account as configured.
   *
   * @param window the most runs of it in the broker at once
   * @param runSize the most jobs in a run
   * @param holdOnDead a dead job holds its key until an operator decides
   * @param partitioning how its keys are made: when that changes, jobs of an object have several
   * @param listeners are told of the ends of its jobs
   */
  public record Configured(
      AccountKey key,
      Through connector,
      int window,
      int runSize,
      boolean holdOnDead,
      String partitioning,
      List<Endings.Listener> listeners) {
    /** One of whose jobs nobody is told. */
    public Configured(
        AccountKey key,
        Through connector,
        int window,
        int runSize,
        boolean holdOnDead,
        String partitioning) {
      this(key, connector, window, runSize, holdOnDead, partitioning, List.of());
    }
  }

  /**
   * The connector of an account.
   *
   * @param concurrency the most runs of all its accounts in the broker at once; null: any number
   * @param linger how long a key waits for more jobs
   * @param enough so many need not wait
   * @param discardsRemoved whether a run whose message was removed from the broker ends there
   */
  public record Through(
      String id,
      @Nullable Integer concurrency,
      Duration linger,
      int enough,
      boolean discardsRemoved) {
    /** One whose keys do not wait. */
    public Through(String id, @Nullable Integer concurrency) {
      this(id, concurrency, Duration.ZERO, 1, false);
    }
  }

  private static final String UPSERT =
      """
      INSERT INTO account AS a
        (subscription, channel, connector, window_size, run_size, hold_on_dead, partitioning, tells)
      SELECT subscription, channel, connector, size, run_size, hold, partitioning, tells::text[] FROM unnest(
        :subscriptions, :channels, :connectors, :windows, :sizes, :holds, :partitionings, :tells)
        AS n (subscription, channel, connector, size, run_size, hold, partitioning, tells)
      ORDER BY 1, 2
      ON CONFLICT (subscription, channel) DO UPDATE SET
        connector = excluded.connector, window_size = excluded.window_size,
        run_size = excluded.run_size, hold_on_dead = excluded.hold_on_dead, configured = true,
        mixed_keys = a.mixed_keys OR a.partitioning <> excluded.partitioning,
        partitioning = excluded.partitioning, tells = excluded.tells
      RETURNING account_id, subscription, channel
      """;

  /** An account is configured while a living node has it. */
  private static final String AGREE =
      """
      UPDATE account a SET configured = w.configured
      FROM (SELECT account_id, EXISTS (SELECT FROM node n
              WHERE n.lease_until > hub_now() AND b.account_id = ANY (n.accounts)) AS configured
            FROM account b) w
      WHERE a.account_id = w.account_id AND a.configured <> w.configured
      """;

  private static final String CONNECTORS =
      """
      INSERT INTO connector AS c (connector, concurrency, linger_ms, linger_jobs, discards_removed)
      SELECT * FROM unnest(:connectors, :concurrencies, :lingers, :enough, :discards) ORDER BY 1
      ON CONFLICT (connector) DO UPDATE SET concurrency = excluded.concurrency,
        linger_ms = excluded.linger_ms, linger_jobs = excluded.linger_jobs,
        discards_removed = excluded.discards_removed
      WHERE (c.concurrency, c.linger_ms, c.linger_jobs, c.discards_removed) IS DISTINCT FROM
        (excluded.concurrency, excluded.linger_ms, excluded.linger_jobs, excluded.discards_removed)
      """;

  private final Database database;
  private final Map<AccountKey, Integer> ids = new ConcurrentHashMap<>();

  public Accounts(Database database) {
    this.database = database;
  }

  /**
   * Tells the ledger what this node's configuration has. The lanes of an account that no living
   * node has stand still until it returns.
   *
   * @param hash of the whole configuration: nodes that differ are told so
   */
  public void configure(List<Configured> accounts, String hash, Node node) {
    database.transaction(
        () -> {
          List<Through> connectors =
              accounts.stream().map(Configured::connector).distinct().toList();
          database
              .sql()
              .sql(CONNECTORS)
              .param("connectors", SqlArrays.column("text", connectors, Through::id))
              .param("concurrencies", SqlArrays.column("int4", connectors, Through::concurrency))
              .param("lingers", SqlArrays.column("int4", connectors, c -> c.linger().toMillis()))
              .param("enough", SqlArrays.column("int4", connectors, Through::enough))
              .param("discards", SqlArrays.column("bool", connectors, Through::discardsRemoved))
              .update();
          upsert(accounts);
          return ids;
        });
    node.announce(accounts.stream().map(account -> ids.get(account.key())).toList(), hash);
    agree();
  }

  /** Takes in what other nodes' coming and going changes. */
  public void agree() {
    database.statement(() -> database.sql().sql(AGREE).update());
  }

  private void upsert(List<Configured> accounts) {
    database
        .sql()
        .sql(UPSERT)
        .param("subscriptions", SqlArrays.column("text", accounts, a -> a.key().subscription()))
        .param("channels", SqlArrays.column("text", accounts, a -> a.key().channel()))
        .param("connectors", SqlArrays.column("text", accounts, a -> a.connector().id()))
        .param("windows", SqlArrays.column("int4", accounts, Configured::window))
        .param("sizes", SqlArrays.column("int4", accounts, Configured::runSize))
        .param("holds", SqlArrays.column("bool", accounts, Configured::holdOnDead))
        .param("partitionings", SqlArrays.column("text", accounts, Configured::partitioning))
        .param(
            "tells",
            SqlArrays.column(
                "text",
                accounts,
                a ->
                    SqlArrays.literal(a.listeners().stream().map(Endings.Listener::word).toList())))
        .query(
            (row, n) ->
                Map.entry(
                    new AccountKey(row.getString("subscription"), row.getString("channel")),
                    row.getInt("account_id")))
        .list()
        .forEach(entry -> ids.put(entry.getKey(), entry.getValue()));
  }

  int id(AccountKey key) {
    Integer id = ids.get(key);
    if (id == null) {
      throw new IllegalArgumentException("no such account: " + key);
    }
    return id;
  }
}
