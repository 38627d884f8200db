package io.egression.connector;

import io.egression.job.AccountKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The connectors, accounts, filters and belts in force. Immutable. */
public record Catalogue(
    Map<String, Connector> connectors,
    Map<AccountKey, Account> accounts,
    Map<String, FilterDefinition> filters,
    Belts belts) {
  public Catalogue {
    filters = Map.copyOf(filters);
    connectors = Map.copyOf(connectors);
    accounts = Map.copyOf(accounts);
  }

  public Optional<Account> account(AccountKey key) {
    return Optional.ofNullable(accounts.get(key));
  }

  /** The subscription's accounts, by channel. */
  public List<Account> accounts(String subscription) {
    return accounts.values().stream()
        .filter(account -> account.key().subscription().equals(subscription))
        .sorted(java.util.Comparator.comparing(account -> account.key().channel()))
        .toList();
  }
}
