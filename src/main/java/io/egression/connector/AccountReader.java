package io.egression.connector;

import static io.egression.connector.YamlTree.child;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.job.AccountKey;
import io.egression.limit.Limit;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.camel.util.TimeUtils;

/** Reads a subscription's accounts from a file that its schema has passed. */
final class AccountReader {
  /** What accounts may name, by id; empty: a faulty one, about which enough has been said. */
  record Parts(
      Map<String, Optional<Connector>> connectors,
      Map<String, Optional<FilterDefinition>> filters) {}

  private final Map<String, Optional<Connector>> connectors;
  private final Map<String, Optional<FilterDefinition>> filters;
  private final UnaryOperator<String> placeholders;
  private final List<Fault> faults;

  AccountReader(Parts parts, UnaryOperator<String> placeholders, List<Fault> faults) {
    this.connectors = parts.connectors;
    this.filters = parts.filters;
    this.placeholders = placeholders;
    this.faults = faults;
  }

  List<Account> read(YamlFile file, String subscription) {
    List<Account> accounts = new ArrayList<>();
    file.root()
        .get("channels")
        .properties()
        .forEach(
            channel -> {
              AccountKey key = new AccountKey(subscription, channel.getKey());
              new OneAccount(file, key, channel.getValue()).read().ifPresent(accounts::add);
            });
    return accounts;
  }

  private final class OneAccount {
    private final YamlFile file;
    private final AccountKey key;
    private final JsonNode node;
    private final String pointer;

    OneAccount(YamlFile file, AccountKey key, JsonNode node) {
      this.file = file;
      this.key = key;
      this.node = node;
      this.pointer = child("/channels", key.channel());
    }

    Optional<Account> read() {
      String id = file.word(pointer + "/connector");
      if (!connectors.containsKey(id)) {
        fault(
            "/connector",
            "there is no connector '%s'; %s"
                .formatted(id, Suggestion.forWord(id, connectors.keySet())));
        return Optional.empty();
      }
      return connectors.get(id).map(this::account);
    }

    private Account account(Connector shared) {
      Connector connector = shared.with(policy(shared));
      return new Account(
          key,
          connector,
          parameters(connector),
          partitionBy(),
          "reference".equals(node.path("payload").asText())
              ? Account.Payload.REFERENCE
              : Account.Payload.FULL,
          node.path("window").asInt(16),
          node.path("runSize").asInt(64),
          writeBehind(),
          "hold".equals(node.path("onDead").asText()),
          include(),
          dependsOn(),
          new Access(authentication(connector), secrets(connector)),
          node.has("deliveryHours") ? hours(node.get("deliveryHours")) : null,
          filtering(),
          node.path("supersede").asBoolean(),
          retention(node.path("retention")),
          0);
    }

    /** The connector's policy, with what this account says otherwise. */
    private Policy policy(Connector connector) {
      PolicyReader reader = new PolicyReader(file, faults);
      Policy shared = connector.policy();
      return shared.with(
          limits(connector.id(), shared.allowance().limits(), reader),
          node.has("retry")
              ? reader.backoff(node.get("retry"), pointer + "/retry", shared.retry())
              : shared.retry());
    }

    /** One of the same name takes the place of the connector's; others are added. */
    private List<Limit> limits(String connector, List<Limit> shared, PolicyReader reader) {
      Map<String, Limit> limits = new LinkedHashMap<>();
      shared.forEach(limit -> limits.put(limit.name(), limit));
      JsonNode nodes = node.path("limits");
      for (Limit limit : reader.limits(nodes, pointer + "/limits", Limit.Scope.ACCOUNT)) {
        Limit replaced = limits.put(limit.name(), limit);
        if (replaced != null && replaced.scope() == Limit.Scope.CONNECTOR) {
          fault(
              "/limits",
              "the limit '%s' is shared by all accounts of %s: change it in its policy"
                  .formatted(limit.name(), connector));
        }
      }
      return List.copyOf(limits.values());
    }

    private PartitionBy partitionBy() {
      JsonNode by = node.path("partitionBy");
      if (by.isObject()) {
        return PartitionBy.Expression.of(
            by.get("jq").asText(), message -> fault("/partitionBy/jq", message));
      }
      return switch (by.asText()) {
        case "objectType" -> PartitionBy.OBJECT_TYPE;
        case "object" -> PartitionBy.OBJECT;
        default -> PartitionBy.ACCOUNT;
      };
    }

    private Authentication authentication(Connector connector) {
      Authentication authentication =
          new AuthenticationReader(file, pointer, placeholders, faults).read();
      if (!(authentication instanceof Authentication.None) && !connector.accountClient()) {
        fault(
            "/authentication",
            "the calls of %s can't be authenticated; its Kamelet's endpoint needs the parameter"
                    .formatted(connector.id())
                + " httpClientConfigurer: \"%s\"".formatted(KameletReader.ACCOUNT_CLIENT));
      }
      return authentication;
    }

    private Duration writeBehind() {
      Duration writeBehind = duration(node, "writeBehind", Duration.ZERO);
      if (!writeBehind.isZero() && "delete".equals(node.path("unmatched").asText())) {
        fault(
            "/writeBehind",
            "not with 'unmatched: delete', which looks at what was recorded before");
      }
      return writeBehind;
    }

    private Retention retention(JsonNode kept) {
      Retention standard = Retention.STANDARD;
      return new Retention(
          duration(kept, "done", standard.done()),
          duration(kept, "explained", standard.explained()));
    }

    private static Duration duration(JsonNode kept, String key, Duration standard) {
      return kept.has(key)
          ? Duration.ofMillis(TimeUtils.toMilliSeconds(kept.get(key).asText()))
          : standard;
    }

    private Account.Filtering filtering() {
      List<FilterDefinition> named = new ArrayList<>();
      JsonNode ids = node.path("filters");
      for (int i = 0; i < ids.size(); i++) {
        String id = ids.get(i).asText();
        String at = "/filters/" + i;
        if (!filters.containsKey(id)) {
          fault(
              at,
              "there is no filter '%s'; %s"
                  .formatted(id, Suggestion.forWord(id, filters.keySet())));
        }
        filters.getOrDefault(id, Optional.empty()).ifPresent(named::add);
      }
      boolean references = "reference".equals(node.path("payload").asText());
      if (references && named.stream().anyMatch(FilterDefinition::hasExpressions)) {
        fault("/filters", "nothing is fetched that they could look at with 'payload: reference'");
      }
      return new Account.Filtering(named, "delete".equals(node.path("unmatched").asText()));
    }

    private DeliveryHours hours(JsonNode hours) {
      List<DeliveryHours.Span> spans = new ArrayList<>();
      int before = faults.size();
      for (JsonNode each : hours.get("between")) {
        String[] times = each.asText().split("-");
        DeliveryHours.Span span = new DeliveryHours.Span(time(times[0]), time(times[1]));
        if (span.from().equals(span.to())) {
          fault("/deliveryHours/between/" + spans.size(), "begins and ends at the same time");
        }
        spans.add(span);
      }
      Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
      hours
          .path("days")
          .forEach(day -> days.add(DayOfWeek.valueOf(day.asText().toUpperCase(Locale.ROOT))));
      DeliveryHours read =
          new DeliveryHours(
              zone(hours.get("zone").asText()),
              spans,
              days.isEmpty() ? EnumSet.allOf(DayOfWeek.class) : days);
      if (faults.size() == before) {
        try {
          read.at(Instant.EPOCH);
        } catch (IllegalStateException e) {
          fault("/deliveryHours", String.valueOf(e.getMessage()));
        }
      }
      return read;
    }

    private static LocalTime time(String text) {
      return text.equals("24:00") ? LocalTime.MIDNIGHT : LocalTime.parse(text);
    }

    private ZoneId zone(String name) {
      try {
        return ZoneId.of(name);
      } catch (DateTimeException e) {
        fault("/deliveryHours/zone", "not a time zone; they are written as Europe/Berlin or UTC");
        return ZoneId.of("UTC");
      }
    }

    private Map<String, Secret> secrets(Connector connector) {
      SecretReader reader = new SecretReader(file, placeholders, faults);
      Map<String, Secret> secrets = new HashMap<>();
      for (String name : connector.secret()) {
        String at = child("/parameters", name);
        if (node.path("parameters").has(name)) {
          reader.read(pointer + at).ifPresent(secret -> secrets.put(name, secret));
          Optional.ofNullable(secrets.get(name))
              .flatMap(secret -> KameletUri.fault(secret.value()))
              .ifPresent(fault -> fault(at, fault));
        }
      }
      return secrets;
    }

    private Map<String, List<String>> dependsOn() {
      Map<String, List<String>> dependsOn = new HashMap<>();
      for (Map.Entry<String, JsonNode> type : node.path("dependsOn").properties()) {
        List<String> others = new ArrayList<>();
        type.getValue().forEach(other -> others.add(other.asText()));
        dependsOn.put(type.getKey(), List.copyOf(others));
      }
      return Map.copyOf(dependsOn);
    }

    private Map<String, List<String>> include() {
      JsonNode types = node.path("include");
      if (!types.isMissingNode() && "reference".equals(node.path("payload").asText())) {
        fault("/include", "nothing is fetched with 'payload: reference'");
      }
      Map<String, List<String>> include = new HashMap<>();
      for (Map.Entry<String, JsonNode> type : types.properties()) {
        List<String> related = new ArrayList<>();
        type.getValue().forEach(word -> related.add(word.asText()));
        include.put(type.getKey(), List.copyOf(related));
      }
      return Map.copyOf(include);
    }

    private Map<String, String> parameters(Connector connector) {
      Map<String, String> parameters = new HashMap<>();
      node.path("parameters")
          .fieldNames()
          .forEachRemaining(
              name -> {
                if (!connector.properties().containsKey(name)) {
                  unknown(name, connector);
                }
                if (!connector.secret().contains(name)) {
                  parameters.put(name, value(name));
                }
              });
      timeouts(parameters, connector);
      connector.required().stream()
          .filter(name -> !node.path("parameters").has(name))
          .filter(name -> !parameters.containsKey(name))
          .sorted()
          .forEach(
              name ->
                  fault(
                      "/parameters",
                      "'%s' is missing, which %s requires".formatted(name, connector.id())));
      return parameters;
    }

    /** A Kamelet that has such parameters is given the policy's, unless the account says more. */
    private void timeouts(Map<String, String> parameters, Connector connector) {
      Policy.Timeouts timeouts = connector.policy().timeouts();
      Map.of("connectTimeout", timeouts.connect(), "responseTimeout", timeouts.response())
          .forEach(
              (name, timeout) -> {
                if (connector.properties().containsKey(name)) {
                  parameters.putIfAbsent(name, String.valueOf(timeout.toMillis()));
                }
              });
    }

    private void unknown(String name, Connector connector) {
      faults.add(
          file.atKey(
              child(pointer + "/parameters", name),
              "'%s' is not a parameter of %s; %s"
                  .formatted(
                      name,
                      connector.id(),
                      Suggestion.forWord(name, connector.properties().keySet()))));
    }

    private String value(String name) {
      String at = child("/parameters", name);
      JsonNode value = file.root().at(pointer + at);
      String text = value.isObject() ? mapping(value, at) : resolved(at);
      KameletUri.fault(text).ifPresent(fault -> fault(at, fault));
      return text;
    }

    /** A Kamelet's parameters are texts: a mapping is given to it as JSON. */
    private String mapping(JsonNode value, String at) {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      value.fieldNames().forEachRemaining(key -> json.put(key, resolved(child(at, key))));
      return json.toString();
    }

    private String resolved(String at) {
      try {
        return placeholders.apply(file.word(pointer + at));
      } catch (IllegalArgumentException e) {
        fault(at, String.valueOf(e.getMessage()));
        return "";
      }
    }

    private void fault(String at, String message) {
      faults.add(file.at(pointer + at, message));
    }
  }
}
