package io.egression.connector;

import io.egression.job.AccountKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The connectors, accounts, filters, belts and schedules in force. Immutable.
 *
 * @param events of the subscriptions of whose jobs somebody is told
 */
public record Catalogue(
    Map<String, Connector> connectors,
    Map<AccountKey, Account> accounts,
    Map<String, FilterDefinition> filters,
    Belts belts,
    Map<String, ScheduleDefinition> schedules,
    Map<String, Events> events) {
  public Catalogue {
    events = Map.copyOf(events);
    schedules = Map.copyOf(schedules);
    filters = Map.copyOf(filters);
    connectors = Map.copyOf(connectors);
    accounts = Map.copyOf(accounts);
  }

  /** What follows on another one: what was edited is of the next generation. */
  public Catalogue after(Catalogue before) {
    Map<String, Connector> next = new HashMap<>();
    connectors.forEach((id, each) -> next.put(id, each.after(before.connectors.get(id))));
    Map<AccountKey, Account> follow = new HashMap<>();
    accounts.forEach(
        (key, each) ->
            follow.put(key, each.after(before.accounts.get(key), next.get(each.connector().id()))));
    return new Catalogue(next, follow, filters, belts, schedules, events);
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
