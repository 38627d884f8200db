package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.intake.AccountView.LastHour;
import io.egression.intake.AccountView.LimitView;
import io.egression.intake.AccountView.Minutes;
import io.egression.job.AccountKey;
import io.egression.ledger.LimitQueries;
import io.egression.ledger.LimitQueries.Left;
import io.egression.ledger.OverviewQueries;
import io.egression.ledger.OverviewQueries.AccountRow;
import io.egression.ledger.OverviewQueries.Minute;
import io.egression.ledger.OverviewQueries.Pause;
import io.egression.ledger.PermitLedger.Rule;
import io.egression.limit.Limit;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How everything stands. It is looked up at most once a second, and then so seldom that it takes no
 * more than a twentieth of one connection, however many ask. Thread safe.
 */
public final class Overview {
  /** A connector, and the accounts that it serves. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ConnectorView(
      String connector,
      String state,
      String text,
      @Nullable Instant until,
      long backlog,
      List<AccountView> accounts) {}

  /** Everything, at a time. */
  public record View(Instant at, List<ConnectorView> connectors) {}

  /** Everything, whoever may see it. */
  private record Snapshot(
      Instant at, List<AccountView> accounts, Map<String, Standing> connectors, long tookNanos) {}

  private static final int MINUTES = 60;
  private static final long LEAST_AGE_NANOS = 1_000_000_000L;
  private static final int SHARE = 20;

  /** What it asks. */
  public record Ledger(OverviewQueries overview, LimitQueries limits) {}

  private final Ledger ledger;
  private final Supplier<Catalogue> catalogue;
  private final Clock clock;
  private @Nullable Snapshot latest;
  private long latestNanos;

  public Overview(Ledger ledger, Supplier<Catalogue> catalogue, Clock clock) {
    this.ledger = ledger;
    this.catalogue = catalogue;
    this.clock = clock;
  }

  /** What the caller may see of it. */
  public View view(Caller caller) {
    Snapshot snapshot = snapshot();
    Map<String, List<AccountView>> byConnector =
        snapshot.accounts.stream()
            .filter(account -> caller.maySee(account.subscription()))
            .collect(
                Collectors.groupingBy(
                    AccountView::connector, LinkedHashMap::new, Collectors.toList()));
    List<ConnectorView> connectors = new ArrayList<>();
    byConnector.forEach(
        (connector, accounts) -> {
          Standing standing = snapshot.connectors.get(connector);
          connectors.add(
              new ConnectorView(
                  connector,
                  standing.state(),
                  standing.text(),
                  standing.until(),
                  accounts.stream().mapToLong(AccountView::backlog).sum(),
                  accounts));
        });
    return new View(snapshot.at, connectors);
  }

  /** Every account, for the hub itself. */
  public List<AccountView> accounts() {
    return snapshot().accounts;
  }

  private synchronized Snapshot snapshot() {
    long now = System.nanoTime();
    if (latest == null || now - latestNanos > Math.max(LEAST_AGE_NANOS, SHARE * latest.tookNanos)) {
      latest = look(now);
      latestNanos = System.nanoTime();
    }
    return latest;
  }

  private Snapshot look(long startedNanos) {
    List<AccountRow> rows = ledger.overview.accounts();
    Map<Integer, List<Minute>> minutes = ledger.overview.minutes(MINUTES);
    Map<Integer, List<LimitView>> limits = limits(rows);
    List<AccountView> accounts =
        rows.stream()
            .map(
                row ->
                    view(
                        row,
                        limits.getOrDefault(row.id(), List.of()),
                        lastHour(minutes.getOrDefault(row.id(), List.of()))))
            .toList();
    Map<String, Standing> connectors = new LinkedHashMap<>();
    for (AccountRow row : rows) {
      Pause pause = row.connectorPaused();
      connectors.computeIfAbsent(row.connector(), id -> Standing.ofConnector(pause));
    }
    return new Snapshot(clock.instant(), accounts, connectors, System.nanoTime() - startedNanos);
  }

  private static AccountView view(AccountRow row, List<LimitView> limits, LastHour lastHour) {
    Standing standing = Standing.of(row);
    return new AccountView(
        row.subscription(),
        row.channel(),
        row.connector(),
        standing.state(),
        standing.text(),
        standing.until(),
        row.lanes().open() + row.lanes().unplaced(),
        row.lanes(),
        row.window(),
        row.dead(),
        row.oldest(),
        limits,
        lastHour);
  }

  private Map<Integer, List<LimitView>> limits(List<AccountRow> rows) {
    List<Integer> owners = new ArrayList<>();
    List<Limit> limits = new ArrayList<>();
    List<Rule> rules = new ArrayList<>();
    for (AccountRow row : rows) {
      AccountKey key = new AccountKey(row.subscription(), row.channel());
      Account account = catalogue.get().account(key).orElse(null);
      if (account != null) {
        for (Limit limit : account.connector().policy().allowance().limits()) {
          owners.add(row.id());
          limits.add(limit);
          rules.add(limit.rule(row.connector(), key, 1));
        }
      }
    }
    List<Left> left = ledger.limits.left(rules);
    Map<Integer, List<LimitView>> byAccount = new LinkedHashMap<>();
    for (int i = 0; i < owners.size(); i++) {
      byAccount
          .computeIfAbsent(owners.get(i), id -> new ArrayList<>())
          .add(view(limits.get(i), left.get(i)));
    }
    return byAccount;
  }

  private static LimitView view(Limit limit, Left left) {
    return new LimitView(
        limit.name(),
        limit.toString(),
        limit.scope().name().toLowerCase(Locale.ROOT),
        left.left(),
        left.of(),
        left.next());
  }

  private static LastHour lastHour(List<Minute> minutes) {
    return new LastHour(
        sum(minutes, Minute::accepted),
        sum(minutes, Minute::calls),
        sum(minutes, Minute::delivered),
        sum(minutes, Minute::failed),
        sum(minutes, Minute::throttled),
        sum(minutes, Minute::dead),
        minutes.stream().filter(minute -> minute.ago() == 1).mapToInt(Minute::calls).sum(),
        new Minutes(
            each(minutes, Minute::accepted),
            each(minutes, Minute::delivered),
            each(minutes, Minute::failed)));
  }

  private static int sum(List<Minute> minutes, ToIntFunction<Minute> what) {
    return minutes.stream().mapToInt(what).sum();
  }

  private static List<Integer> each(List<Minute> minutes, ToIntFunction<Minute> what) {
    int[] numbers = new int[MINUTES];
    minutes.stream()
        .filter(minute -> minute.ago() >= 0 && minute.ago() < MINUTES)
        .forEach(minute -> numbers[MINUTES - 1 - minute.ago()] = what.applyAsInt(minute));
    return Arrays.stream(numbers).boxed().toList();
  }
}
