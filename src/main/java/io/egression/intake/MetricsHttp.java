package io.egression.intake;

import io.egression.intake.Problem.ProblemException;
import io.egression.ledger.Database;
import io.egression.ledger.LedgerAwayException;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * The hub's metrics in Prometheus' form; the bean {@code metrics} of its route. What the ledger
 * knows is looked up when it is asked for, at most once a second, and stands still while the ledger
 * is away. Thread safe.
 */
public final class MetricsHttp {
  private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /** What else it tells. */
  public record Parts(
      Database database, LongSupplier repairs, BooleanSupplier ledger, BooleanSupplier broker) {}

  private final Overview overview;
  private final PrometheusMeterRegistry registry;
  private final HttpApi http;
  private final Clock clock;
  private final boolean byAccount;
  private final MultiGauge jobs;
  private final MultiGauge lanes;
  private final MultiGauge oldest;
  private final MultiGauge windows;
  private final MultiGauge accounts;
  private final MultiGauge limits;

  /**
   * @param byAccount each account has rows of its own
   */
  public MetricsHttp(
      Overview overview,
      PrometheusMeterRegistry registry,
      HttpApi http,
      Clock clock,
      Parts parts,
      boolean byAccount) {
    this.overview = overview;
    this.registry = registry;
    this.http = http;
    this.clock = clock;
    this.byAccount = byAccount;
    this.jobs = gauge("egression.jobs", "Jobs that are not final, and dead ones, by state");
    this.lanes = gauge("egression.lanes", "Lanes that have something to do, by state");
    this.oldest = gauge("egression.oldest.seconds", "Age of the oldest job that is next");
    this.windows = gauge("egression.window.use", "Runs in the broker, of those that may be");
    this.accounts = gauge("egression.accounts", "Accounts by state");
    this.limits = gauge("egression.limit.left", "Permits left, of all that a limit has");
    bind(parts);
  }

  private MultiGauge gauge(String name, String description) {
    return MultiGauge.builder(name).description(description).register(registry);
  }

  private void bind(Parts parts) {
    FunctionCounter.builder("egression.repairs", parts, all -> all.repairs.getAsLong())
        .description("What the safety net had to put right; 0 in a healthy run")
        .register(registry);
    up("ledger", parts.ledger);
    up("broker", parts.broker);
    pool("busy", parts.database, Database.PoolUse::busy);
    pool("idle", parts.database, Database.PoolUse::idle);
    pool("most", parts.database, Database.PoolUse::most);
    pool("asked", parts.database, Database.PoolUse::asked);
    new ClassLoaderMetrics().bindTo(registry);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
  }

  private void up(String part, BooleanSupplier there) {
    Gauge.builder("egression.up", there, is -> is.getAsBoolean() ? 1 : 0)
        .description("Whether a part is there")
        .tag("part", part)
        .strongReference(true)
        .register(registry);
  }

  private void pool(String what, Database database, ToDoubleFunction<Database.PoolUse> number) {
    Gauge.builder("egression.pool", database, pool -> number.applyAsDouble(pool.use()))
        .description("Connections to the database; asked: threads that wait for one")
        .tag("connections", what)
        .register(registry);
  }

  /** GET /observe/metrics; for a key that is for everything. */
  public void scrape(Exchange exchange) {
    http.respondWith(
        exchange,
        caller -> {
          if (caller.subscriptions() != null) {
            throw new ProblemException(
                Problem.of(
                    403,
                    "forbidden",
                    "This key may not do that",
                    "Metrics are of every subscription: it takes a key for all of them."));
          }
          look();
          Message message = exchange.getMessage();
          message.removeHeaders("*");
          message.setHeader(Exchange.CONTENT_TYPE, TYPE);
          message.setBody(registry.scrape(TYPE));
        });
  }

  private void look() {
    try {
      List<AccountView> all = overview.accounts();
      jobs.register(rows(all, MetricsHttp::jobs), true);
      lanes.register(rows(all, MetricsHttp::lanes), true);
      windows.register(rows(all, MetricsHttp::windows), true);
      oldest.register(rows(all, this::oldest), true);
      accounts.register(states(all), true);
      limits.register(byAccount ? limits(all) : List.of(), true);
    } catch (LedgerAwayException e) {
      // egression_up tells it; the numbers stay as they were
    }
  }

  /** Of the accounts of one row. */
  private interface Rows {
    List<Row<?>> of(Tags tags, List<AccountView> accounts);
  }

  private List<Row<?>> rows(List<AccountView> all, Rows rows) {
    List<Row<?>> made = new ArrayList<>();
    all.stream()
        .collect(Collectors.groupingBy(this::tags))
        .forEach((tags, accounts) -> made.addAll(rows.of(tags, accounts)));
    return made;
  }

  private Tags tags(AccountView account) {
    Tags connector = Tags.of("connector", account.connector());
    return byAccount
        ? connector.and("account", account.subscription() + "/" + account.channel())
        : connector;
  }

  private static Row<?> row(
      Tags tags, String tag, String word, List<AccountView> of, ToDoubleFunction<AccountView> one) {
    return Row.of(tags.and(tag, word), of.stream().mapToDouble(one).sum());
  }

  private static List<Row<?>> jobs(Tags tags, List<AccountView> of) {
    return List.of(
        row(tags, "state", "open", of, each -> each.lanes().open()),
        row(tags, "state", "later", of, each -> each.lanes().unplaced()),
        row(tags, "state", "dead", of, AccountView::dead));
  }

  private static List<Row<?>> lanes(Tags tags, List<AccountView> of) {
    return List.of(
        row(tags, "state", "ready", of, each -> each.lanes().ready()),
        row(tags, "state", "queued", of, each -> each.lanes().queued()),
        row(tags, "state", "running", of, each -> each.lanes().running()),
        row(tags, "state", "waiting", of, each -> each.lanes().waiting()),
        row(tags, "state", "held", of, each -> each.lanes().held()));
  }

  private static List<Row<?>> windows(Tags tags, List<AccountView> of) {
    return List.of(
        row(tags, "runs", "used", of, each -> each.lanes().queued() + each.lanes().running()),
        row(tags, "runs", "most", of, AccountView::window));
  }

  private List<Row<?>> oldest(Tags tags, List<AccountView> of) {
    double age =
        of.stream()
            .map(AccountView::oldest)
            .filter(java.util.Objects::nonNull)
            .mapToDouble(
                job -> Duration.between(job.acceptedAt(), clock.instant()).toMillis() / 1000.0)
            .max()
            .orElse(0);
    return List.of(Row.of(tags, Math.max(0, age)));
  }

  private static List<Row<?>> states(List<AccountView> all) {
    return all.stream()
        .collect(Collectors.groupingBy(AccountView::state, Collectors.counting()))
        .entrySet()
        .stream()
        .<Row<?>>map(state -> Row.of(Tags.of("state", state.getKey()), state.getValue()))
        .toList();
  }

  private List<Row<?>> limits(List<AccountView> all) {
    List<Row<?>> rows = new ArrayList<>();
    for (AccountView account : all) {
      for (AccountView.LimitView limit : account.limits()) {
        rows.add(
            Row.of(
                tags(account).and("limit", limit.name()),
                limit.of() == 0 ? 0 : (double) limit.left() / limit.of()));
      }
    }
    return rows;
  }
}
