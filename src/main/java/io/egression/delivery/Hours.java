package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.DeliveryHours;
import io.egression.ledger.OpeningTimes;
import io.egression.ledger.OpeningTimes.Opening;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/** Keeps the accounts' delivery hours in the ledger up to date. Thread safe. */
public final class Hours {
  private final OpeningTimes ledger;
  private final Supplier<Catalogue> catalogue;
  private final Clock clock;

  public Hours(OpeningTimes ledger, Supplier<Catalogue> catalogue, Clock clock) {
    this.ledger = ledger;
    this.catalogue = catalogue;
    this.clock = clock;
  }

  /** Writes those of all accounts, as they are configured now. */
  public void configure() {
    Instant now = clock.instant();
    ledger.set(
        catalogue.get().accounts().values().stream()
            .map(account -> opening(account, now))
            .toList());
  }

  /** Writes the next interval of those whose last one has ended. */
  void renew() {
    Instant now = clock.instant();
    ledger.set(
        ledger.over().stream()
            .map(catalogue.get()::account)
            .flatMap(Optional::stream)
            .map(account -> opening(account, now))
            .toList());
  }

  private static Opening opening(Account account, Instant now) {
    DeliveryHours hours = account.hours();
    if (hours == null) {
      return new Opening(account.key(), null, null, null);
    }
    DeliveryHours.Interval interval = hours.at(now);
    return new Opening(account.key(), hours.toString(), interval.from(), interval.to());
  }
}
