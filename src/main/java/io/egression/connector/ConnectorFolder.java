package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import io.egression.job.AccountKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Reads and checks the folder of connectors and accounts. */
public final class ConnectorFolder {
  private static final String KAMELET = ".kamelet.yaml";
  private static final String POLICY = ".connector.yaml";
  private static final JsonSchema POLICY_SCHEMA = YamlFile.schema("connector.schema.json");
  private static final JsonSchema SUBSCRIPTION_SCHEMA = YamlFile.schema("subscription.schema.json");

  private final Path folder;
  private final UnaryOperator<String> placeholders;
  private final List<Fault> faults = new ArrayList<>();

  private ConnectorFolder(Path folder, UnaryOperator<String> placeholders) {
    this.folder = folder;
    this.placeholders = placeholders;
  }

  /**
   * Reads every connector and account.
   *
   * @param placeholders resolves {@code {{…}}} in a text; throws IllegalArgumentException if one
   *     resolves to nothing
   * @throws Fault.FaultyFilesException with every fault found
   */
  public static Catalogue read(Path folder, UnaryOperator<String> placeholders) {
    ConnectorFolder reader = new ConnectorFolder(folder, placeholders);
    Map<String, Connector> connectors = reader.connectors();
    Map<AccountKey, Account> accounts = reader.accounts(connectors);
    if (!reader.faults.isEmpty()) {
      throw new Fault.FaultyFilesException(reader.faults);
    }
    return new Catalogue(connectors, accounts);
  }

  private Map<String, Connector> connectors() {
    Map<String, Policy> policies = new HashMap<>();
    Map<String, Path> policyFiles = new LinkedHashMap<>();
    for (Path path : files(folder, POLICY)) {
      policyFiles.put(id(path, POLICY), path);
      policy(path).ifPresent(policy -> policies.put(id(path, POLICY), policy));
    }
    Map<String, Connector> connectors = new HashMap<>();
    for (Path path : files(folder, KAMELET)) {
      String id = id(path, KAMELET);
      Policy policy = policies.getOrDefault(id, Policy.DEFAULT);
      kamelet(path, id).ifPresent(known -> connectors.put(id, new Connector(id, known, policy)));
      policyFiles.remove(id);
    }
    policyFiles.forEach(
        (id, path) ->
            faults.add(
                new Fault(path, 1, 1, "there is no Kamelet " + id + KAMELET + " for this policy")));
    return connectors;
  }

  private Optional<Policy> policy(Path path) {
    return YamlFile.read(path, faults)
        .filter(file -> passes(file, POLICY_SCHEMA))
        .map(file -> new PolicyReader(file, faults).read());
  }

  private boolean passes(YamlFile file, JsonSchema schema) {
    List<Fault> found = file.check(schema);
    faults.addAll(found);
    return found.isEmpty();
  }

  private Optional<Map<String, Boolean>> kamelet(Path path, String id) {
    return YamlFile.read(path, faults).flatMap(file -> kameletProperties(file, id));
  }

  private Optional<Map<String, Boolean>> kameletProperties(YamlFile file, String id) {
    JsonNode root = file.root();
    if (!"Kamelet".equals(root.path("kind").asText())) {
      faults.add(file.at(root.path("kind"), "kind: a Kamelet is expected here"));
      return Optional.empty();
    }
    if (!id.equals(root.path("metadata").path("name").asText())) {
      faults.add(
          file.at(root.path("metadata").path("name"), "metadata.name: must be '" + id + "'"));
      return Optional.empty();
    }
    if (!root.path("spec").path("template").has("from")) {
      faults.add(file.at(root.path("spec"), "spec.template.from: is missing"));
      return Optional.empty();
    }
    JsonNode definition = root.path("spec").path("definition");
    Map<String, Boolean> properties = new HashMap<>();
    definition
        .path("properties")
        .fieldNames()
        .forEachRemaining(name -> properties.put(name, false));
    definition.path("required").forEach(name -> properties.put(name.asText(), true));
    return Optional.of(properties);
  }

  private Map<AccountKey, Account> accounts(Map<String, Connector> connectors) {
    Map<AccountKey, Account> accounts = new HashMap<>();
    for (Path path : files(folder.resolve("subscriptions"), ".yaml")) {
      String subscription = id(path, ".yaml");
      YamlFile.read(path, faults)
          .filter(file -> passes(file, SUBSCRIPTION_SCHEMA))
          .ifPresent(
              file ->
                  file.root()
                      .get("channels")
                      .properties()
                      .forEach(
                          entry ->
                              account(file, subscription, entry, connectors)
                                  .ifPresent(account -> accounts.put(account.key(), account))));
    }
    return accounts;
  }

  private Optional<Account> account(
      YamlFile file,
      String subscription,
      Map.Entry<String, JsonNode> entry,
      Map<String, Connector> connectors) {
    JsonNode node = entry.getValue();
    Connector connector = connectors.get(node.get("connector").asText());
    String where = "channels." + entry.getKey();
    if (connector == null) {
      String name = node.get("connector").asText();
      faults.add(
          file.at(
              node.get("connector"),
              "%s.connector: there is no connector '%s'; %s"
                  .formatted(where, name, Suggestion.forWord(name, connectors.keySet()))));
      return Optional.empty();
    }
    return Optional.of(
        new Account(
            new AccountKey(subscription, entry.getKey()),
            connector,
            parameters(file, where, node, connector),
            partitionBy(node.path("partitionBy").asText("account")),
            "reference".equals(node.path("payload").asText())
                ? Account.Payload.REFERENCE
                : Account.Payload.FULL,
            node.path("window").asInt(16),
            node.path("runSize").asInt(64),
            "hold".equals(node.path("onDead").asText())));
  }

  private Map<String, String> parameters(
      YamlFile file, String where, JsonNode account, Connector connector) {
    Map<String, String> parameters = new HashMap<>();
    JsonNode given = account.path("parameters");
    Set<String> known = connector.properties().keySet();
    given
        .properties()
        .forEach(
            parameter -> {
              String name = parameter.getKey();
              if (!known.contains(name)) {
                faults.add(
                    file.at(
                        parameter.getValue(),
                        "%s.parameters: '%s' is not a parameter of %s; %s"
                            .formatted(
                                where, name, connector.id(), Suggestion.forWord(name, known))));
              }
              parameters.put(name, resolve(file, where, parameter));
            });
    for (String name : connector.required()) {
      if (!given.has(name)) {
        faults.add(
            file.at(
                given.isMissingNode() ? account : given,
                "%s.parameters: '%s' is missing, which %s requires"
                    .formatted(where, name, connector.id())));
      }
    }
    return parameters;
  }

  private String resolve(YamlFile file, String where, Map.Entry<String, JsonNode> parameter) {
    String value = parameter.getValue().asText();
    try {
      return placeholders.apply(value);
    } catch (IllegalArgumentException e) {
      faults.add(
          file.at(
              parameter.getValue(),
              "%s.parameters.%s: %s".formatted(where, parameter.getKey(), e.getMessage())));
      return value;
    }
  }

  private static Account.PartitionBy partitionBy(String word) {
    return switch (word) {
      case "objectType" -> Account.PartitionBy.OBJECT_TYPE;
      case "object" -> Account.PartitionBy.OBJECT;
      default -> Account.PartitionBy.ACCOUNT;
    };
  }

  private static String id(Path path, String ending) {
    String name = path.getFileName().toString();
    return name.substring(0, name.length() - ending.length());
  }

  private static List<Path> files(Path folder, String ending) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(path -> path.toString().endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
  }
}
