package io.egression;

import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.Connector;
import io.egression.connector.ConnectorFolder;
import io.egression.connector.Events;
import io.egression.connector.Fault;
import io.egression.connector.FilterDefinition;
import io.egression.connector.Policy;
import io.egression.delivery.Credentials;
import io.egression.delivery.Hours;
import io.egression.delivery.Redaction;
import io.egression.delivery.Runs;
import io.egression.filter.Filters;
import io.egression.ledger.Accounts;
import io.egression.ledger.FilterLedger;
import io.egression.ledger.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.component.kamelet.KameletComponent;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.support.PluginHelper;
import org.apache.camel.support.ResourceHelper;

/**
 * The connectors, accounts, filters and belts in force, and what Camel and the ledger must know of
 * them; at the start, and after each edit. What is edited gets new endpoints and HTTP clients
 * beside the old ones, which go when no call can need them any more. Reading what is in force is
 * thread safe; the rest is for one thread at a time.
 */
final class Configuration implements Supplier<Catalogue>, LiveFiles.Taking {
  /** A connector's on each node, at most: several accounts' windows. */
  static final int CONSUMERS = 64;

  /** Longer than a call, and what comes before it, can take. */
  private static final Duration LAST_CALL = Duration.ofMinutes(2);

  /** Where its files are, and what {@code {{…}}} in them may name. */
  record Place(Path connectors, Path routes, Properties properties) {}

  /** Who must know. */
  record Parts(
      Accounts accounts,
      Node node,
      FilterLedger filters,
      Credentials credentials,
      Hours hours,
      Runs runs,
      Runnable nudge) {}

  /** An account's calls as they were before an edit. */
  private record Retired(Account account, long sinceNanos) {}

  private final CamelContext camel;
  private final Place place;
  private final Filters filters;
  private final Map<String, Properties> secrets = new HashMap<>();
  private final Set<String> consumed = new HashSet<>();
  private final Deque<Retired> retired = new ArrayDeque<>();
  private volatile Catalogue catalogue;
  private Parts parts;
  private RouteFiles routes;

  /**
   * @throws Fault.FaultyFilesException with every fault found
   */
  Configuration(CamelContext camel, Place place) {
    this.camel = camel;
    this.place = place;
    this.filters = new Filters(camel);
    this.catalogue = read();
  }

  @Override
  public Catalogue get() {
    return catalogue;
  }

  Filters filters() {
    return filters;
  }

  private Catalogue read() {
    Catalogue read = ConnectorFolder.read(place.connectors, camel::resolvePropertyPlaceholders);
    List<Fault> faults = filters.check(read.filters().values());
    if (!faults.isEmpty()) {
      throw new Fault.FaultyFilesException(faults);
    }
    return read;
  }

  /** Tells the ledger, at the start. */
  void announce(Accounts accounts, Node node) {
    accounts.configure(configured(catalogue), hash(), node);
  }

  private String hash() {
    return ConfigurationHash.of(place.connectors, place.routes);
  }

  private static List<Accounts.Configured> configured(Catalogue of) {
    return of.accounts().values().stream()
        .map(
            account ->
                configured(
                    account, of.events().getOrDefault(account.key().subscription(), Events.NONE)))
        .toList();
  }

  private static Accounts.Configured configured(Account account, Events events) {
    return new Accounts.Configured(
        account.key(),
        through(account.connector()),
        account.atOnce(),
        account.runSize(),
        account.holdOnDead(),
        account.partitionBy().text(),
        events.listeners());
  }

  private static Accounts.Through through(Connector connector) {
    Policy.Allowance allowance = connector.policy().allowance();
    Policy.Bulk bulk = allowance.bulk();
    return new Accounts.Through(
        connector.id(),
        allowance.connectorConcurrency(),
        bulk == null ? Duration.ZERO : bulk.linger(),
        bulk == null ? 1 : bulk.objects(),
        connector.policy().removed() == Policy.Removed.DISCARD);
  }

  /** Makes what the routes will ask for, before Camel starts. */
  void prepare(Parts known) {
    parts = known;
    keepFilters(catalogue);
    parts.hours.configure();
    catalogue.accounts().values().forEach(this::admit);
    tellSecrets();
  }

  /** Filters whose numbers rise with their content. */
  private void keepFilters(Catalogue of) {
    List<Fault> faults =
        parts
            .filters
            .keep(of.filters().values().stream().map(Configuration::version).toList())
            .stream()
            .map(this::sameNumber)
            .toList();
    if (!faults.isEmpty()) {
      throw new Fault.FaultyFilesException(faults);
    }
  }

  private Fault sameNumber(FilterLedger.Version other) {
    return new Fault(
        place.connectors.resolve("filters").resolve(other.filter() + ".yaml"),
        1,
        1,
        "version %d was in force since %s with another content: give the new one a higher version"
            .formatted(other.version(), other.since()));
  }

  private static FilterLedger.Version version(FilterDefinition filter) {
    return new FilterLedger.Version(
        filter.id(), filter.version(), filter.hash(), filter.content(), null);
  }

  /** Each account has an HTTP client of its own, and its secrets are in no endpoint's address. */
  private void admit(Account account) {
    camel.getRegistry().bind("client/" + account.instance(), parts.credentials.client(account));
    Properties properties = new Properties();
    account
        .access()
        .parameters()
        .forEach((name, secret) -> properties.setProperty(name, secret.value()));
    secrets.put(account.instance(), properties);
  }

  private void tellSecrets() {
    camel
        .getComponent("kamelet", KameletComponent.class)
        .setRouteProperties(new HashMap<>(secrets));
  }

  /** A Kamelet that can't be used is found now, and no first call meets one half started. */
  void openEndpoints() {
    catalogue.accounts().values().forEach(this::open);
  }

  private void open(Account account) {
    try {
      camel.getEndpoint(account.endpoint());
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "account %s: connector %s cannot be used: %s"
              .formatted(
                  account.key(),
                  account.connector().id(),
                  // not the outer ones: they show parameters, which may be secrets
                  Redaction.of(
                      String.valueOf(RouteFaults.explained(rootCause(e)).getMessage()), account)),
          e);
    }
  }

  private static Throwable rootCause(Throwable fault) {
    Throwable cause = fault;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** Consumers of the connectors in use; and from now on the routes' files can be edited. */
  void startConsumers() {
    routes = new RouteFiles(camel, place.routes);
    consume(catalogue);
  }

  private void consume(Catalogue of) {
    Set<String> used = new TreeSet<>();
    of.accounts().values().forEach(account -> used.add(account.connector().id()));
    for (String connector : used) {
      if (consumed.add(connector)) {
        consume(connector);
      }
    }
  }

  private void consume(String connector) {
    try {
      String route = "consume-" + connector;
      if (camel.getRoute(route) != null) {
        camel.getRouteController().stopRoute(route);
        camel.removeRoute(route);
      }
      camel.addRouteFromTemplate(
          route, "consume", Map.of("connector", connector, "consumers", CONSUMERS));
      camel.getRouteController().startRoute(route);
    } catch (Exception e) { // Camel declares Exception
      throw new IllegalStateException("no consumers for connector " + connector, e);
    }
  }

  // ---- after an edit

  @Override
  public List<Fault> faults() {
    return FileCheck.of(place.connectors, place.routes, place.properties);
  }

  @Override
  public void take() {
    retireOld();
    Catalogue before = catalogue;
    Catalogue next = read().after(before);
    keepFilters(next);
    Set<String> known =
        before.accounts().values().stream().map(Account::instance).collect(Collectors.toSet());
    List<Account> edited =
        next.accounts().values().stream()
            .filter(account -> !known.contains(account.instance()))
            .toList();
    edited.forEach(this::admit);
    tellSecrets();
    next.connectors().values().forEach(this::load);
    edited.forEach(this::open);
    try {
      if (routes.update(parts.runs::hold)) {
        consumed.clear();
      }
      consume(next);
    } finally {
      parts.runs.goOn();
    }
    parts.accounts.configure(configured(next), hash(), parts.node);
    catalogue = next;
    parts.hours.configure();
    retire(before.accounts().values(), next);
    parts.nudge.run();
  }

  /** Under a name of its own: the calls under way go on with the Kamelet that they began with. */
  private void load(Connector connector) {
    String template = connector.template();
    boolean isThere =
        ((ModelCamelContext) camel)
            .getRouteTemplateDefinitions().stream()
                .anyMatch(known -> template.equals(known.getId()));
    if (connector.kamelet().generation() == 0 || isThere) {
      return;
    }
    Path file = place.connectors.resolve(connector.id() + ".kamelet.yaml");
    try {
      String content =
          Pattern.compile("(\\bname:\\s*['\"]?)" + Pattern.quote(connector.id()) + "\\b")
              .matcher(Files.readString(file))
              .replaceFirst("$1" + Matcher.quoteReplacement(template));
      PluginHelper.getRoutesLoader(camel)
          .loadRoutes(ResourceHelper.fromString(template + ".kamelet.yaml", content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) { // Camel declares Exception
      throw RouteFaults.explained(e);
    }
  }

  private void retire(Collection<Account> before, Catalogue next) {
    Set<String> inForce =
        next.accounts().values().stream().map(Account::instance).collect(Collectors.toSet());
    before.stream()
        .filter(account -> !inForce.contains(account.instance()))
        .forEach(account -> retired.add(new Retired(account, System.nanoTime())));
  }

  /** What no call can need any more. */
  private void retireOld() {
    while (!retired.isEmpty()
        && System.nanoTime() - retired.peek().sinceNanos > LAST_CALL.toNanos()) {
      Account account = retired.remove().account;
      try {
        camel.getRouteController().stopRoute(account.instance());
        camel.removeRoute(account.instance());
        camel.removeEndpoints(account.endpoint());
      } catch (Exception e) { // Camel declares Exception
        throw new IllegalStateException("route " + account.instance() + " cannot be stopped", e);
      }
      camel.getRegistry().unbind("client/" + account.instance());
      secrets.remove(account.instance());
    }
  }
}
