package io.egression.connector;

import com.networknt.schema.JsonSchema;
import io.egression.job.AccountKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads and checks the folder of connectors, accounts and filters. */
public final class ConnectorFolder {
  private static final String KAMELET = ".kamelet.yaml";
  private static final String POLICY = ".connector.yaml";
  private static final String SUBSCRIPTION = ".yaml";
  private static final String FILTER = ".yaml";
  private static final String SCHEDULE = ".yaml";
  private static final String BELTS = "belts.yaml";
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  private static final JsonSchema POLICY_SCHEMA = SchemaFault.schema("connector.schema.json");
  private static final JsonSchema BELTS_SCHEMA = SchemaFault.schema("belts.schema.json");
  private static final JsonSchema SCHEDULE_SCHEMA = SchemaFault.schema("schedule.schema.json");
  private static final JsonSchema FILTER_SCHEMA = SchemaFault.schema("filter.schema.json");
  private static final JsonSchema SUBSCRIPTION_SCHEMA =
      SchemaFault.schema("subscription.schema.json");

  private final Path folder;
  private final List<Fault> faults = new ArrayList<>();

  private ConnectorFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Reads every connector and account.
   *
   * @param placeholders resolves {@code {{…}}} in a text; throws IllegalArgumentException if one
   *     resolves to nothing
   * @throws Fault.FaultyFilesException with every fault found
   */
  public static Catalogue read(Path folder, UnaryOperator<String> placeholders) {
    ConnectorFolder reader = new ConnectorFolder(folder);
    Map<String, Optional<Connector>> connectors = reader.connectors();
    Map<String, Optional<FilterDefinition>> filters = reader.filters();
    Belts belts = reader.belts();
    Map<String, ScheduleDefinition> schedules = reader.schedules();
    Map<AccountKey, Account> accounts = new HashMap<>();
    Map<String, Events> events = new HashMap<>();
    reader.subscriptions(
        new AccountReader.Parts(connectors, filters), placeholders, accounts, events);
    if (!reader.faults.isEmpty()) {
      throw new Fault.FaultyFilesException(reader.faults);
    }
    Map<String, Connector> usable = new HashMap<>();
    connectors.forEach((id, connector) -> usable.put(id, connector.orElseThrow()));
    Map<String, FilterDefinition> known = new HashMap<>();
    filters.forEach((id, filter) -> known.put(id, filter.orElseThrow()));
    return new Catalogue(usable, accounts, known, belts, schedules, events);
  }

  /** By id; empty: its Kamelet is faulty. */
  private Map<String, Optional<Connector>> connectors() {
    reportOthers(folder, KAMELET, POLICY);
    Map<String, Path> kamelets = files(folder, KAMELET);
    Map<String, Path> policies = files(folder, POLICY);
    Map<String, Optional<Connector>> connectors = new TreeMap<>();
    kamelets.forEach(
        (id, path) -> {
          Optional<Policy> policy = Optional.ofNullable(policies.get(id)).flatMap(this::policy);
          connectors.put(
              id,
              YamlFile.read(path, faults)
                  .flatMap(
                      file ->
                          new KameletReader(file, faults).read(id, policy.orElse(Policy.DEFAULT))));
        });
    policies.forEach(
        (id, path) -> {
          if (!kamelets.containsKey(id)) {
            fault(path, "there is no Kamelet " + id + KAMELET + " for this policy");
          }
        });
    return connectors;
  }

  private Optional<Policy> policy(Path path) {
    return valid(path, POLICY_SCHEMA).map(file -> new PolicyReader(file, faults).read());
  }

  private Optional<YamlFile> valid(Path path, JsonSchema schema) {
    return YamlFile.read(path, faults)
        .filter(
            file -> {
              List<Fault> found = file.check(schema);
              faults.addAll(found);
              return found.isEmpty();
            });
  }

  private Map<String, ScheduleDefinition> schedules() {
    Path folder = this.folder.resolve("schedules");
    reportOthers(folder, SCHEDULE);
    Map<String, ScheduleDefinition> schedules = new TreeMap<>();
    files(folder, SCHEDULE)
        .forEach(
            (id, path) ->
                valid(path, SCHEDULE_SCHEMA)
                    .map(file -> new ScheduleReader(file, faults).read(id))
                    .ifPresent(schedule -> schedules.put(id, schedule)));
    return schedules;
  }

  private Belts belts() {
    Path path = folder.resolve(BELTS);
    return Files.exists(path)
        ? valid(path, BELTS_SCHEMA)
            .map(file -> new BeltsReader(file, faults).read())
            .orElse(Belts.STANDARD)
        : Belts.STANDARD;
  }

  /** By id; empty: it is faulty. */
  private Map<String, Optional<FilterDefinition>> filters() {
    Path filters = folder.resolve("filters");
    reportOthers(filters, FILTER);
    Map<String, Optional<FilterDefinition>> read = new TreeMap<>();
    files(filters, FILTER)
        .forEach(
            (id, path) ->
                read.put(
                    id, valid(path, FILTER_SCHEMA).map(file -> new FilterReader(file).read(id))));
    return read;
  }

  private void subscriptions(
      AccountReader.Parts parts,
      UnaryOperator<String> placeholders,
      Map<AccountKey, Account> accounts,
      Map<String, Events> events) {
    AccountReader reader = new AccountReader(parts, placeholders, faults);
    Path subscriptions = folder.resolve("subscriptions");
    reportOthers(subscriptions, SUBSCRIPTION);
    files(subscriptions, SUBSCRIPTION)
        .forEach(
            (id, path) ->
                valid(path, SUBSCRIPTION_SCHEMA)
                    .ifPresent(
                        file -> {
                          reader
                              .read(file, id)
                              .forEach(account -> accounts.put(account.key(), account));
                          if (file.root().has("events")) {
                            events.put(id, new EventsReader(file, placeholders, faults).read());
                          }
                        }));
  }

  /** The folder's files of one kind, by id. */
  private Map<String, Path> files(Path folder, String ending) {
    Map<String, Path> files = new TreeMap<>();
    for (Path path : list(folder)) {
      String name = path.getFileName().toString();
      if (name.endsWith(ending)) {
        String id = name.substring(0, name.length() - ending.length());
        if (!ID.matcher(id).matches()) {
          fault(path, "'" + id + "' must consist of at most 100 letters, digits, '.', '_', '-'");
        }
        files.put(id, path);
      }
    }
    return files;
  }

  /** A file that nobody reads is a mistake in its name. */
  private void reportOthers(Path folder, String... endings) {
    for (Path path : list(folder)) {
      String name = path.getFileName().toString();
      if (Stream.of(endings).noneMatch(name::endsWith)
          && !path.equals(this.folder.resolve(BELTS))) {
        fault(
            path, "nothing reads this file: its name must end in " + String.join(" or ", endings));
      }
    }
  }

  /** Hidden files are an editor's. */
  private static List<Path> list(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> path.getFileName().toString().matches("[^.].*\\.ya?ml"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
  }

  private void fault(Path path, String message) {
    faults.add(new Fault(path, 1, 1, message));
  }
}
