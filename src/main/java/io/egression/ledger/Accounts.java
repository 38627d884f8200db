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
   */
  public record Configured(
      AccountKey key,
      Through connector,
      int window,
      int runSize,
      boolean holdOnDead,
      String partitioning) {}

  /**
   * The connector of an account.
   *
   * @param concurrency the most runs of all its accounts in the broker at once; null: any number
   * @param linger how long a key waits for more jobs
   * @param enough so many need not wait
   */
  public record Through(String id, @Nullable Integer concurrency, Duration linger, int enough) {
    /** One whose keys do not wait. */
    public Through(String id, @Nullable Integer concurrency) {
      this(id, concurrency, Duration.ZERO, 1);
    }
  }

  private static final String UPSERT =
      """
      INSERT INTO account AS a
        (subscription, channel, connector, window_size, run_size, hold_on_dead, partitioning)
      SELECT * FROM unnest(
        :subscriptions, :channels, :connectors, :windows, :sizes, :holds, :partitionings)
      ORDER BY 1, 2
      ON CONFLICT (subscription, channel) DO UPDATE SET
        connector = excluded.connector, window_size = excluded.window_size,
        run_size = excluded.run_size, hold_on_dead = excluded.hold_on_dead, configured = true,
        mixed_keys = a.mixed_keys OR a.partitioning <> excluded.partitioning,
        partitioning = excluded.partitioning
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
      INSERT INTO connector AS c (connector, concurrency, linger_ms, linger_jobs)
      SELECT * FROM unnest(:connectors, :concurrencies, :lingers, :enough) ORDER BY 1
      ON CONFLICT (connector) DO UPDATE SET concurrency = excluded.concurrency,
        linger_ms = excluded.linger_ms, linger_jobs = excluded.linger_jobs
      WHERE (c.concurrency, c.linger_ms, c.linger_jobs)
        IS DISTINCT FROM (excluded.concurrency, excluded.linger_ms, excluded.linger_jobs)
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
