package io.egression;

import io.egression.connector.Suggestion;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The hub's settings: from {@code application.properties}, overridden by the environment ({@code
 * egression.http.port} is {@code EGRESSION_HTTP_PORT}), overridden by system properties. Immutable.
 */
public final class Settings {
  /** The settings cannot be used; says every fault. */
  public static final class InvalidSettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InvalidSettingsException(List<String> faults) {
      super(String.join("\n", faults));
    }
  }

  private static final String PREFIX = "egression.";

  /** Every key and its default; an empty default means unset. */
  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("egression.http.host", "127.0.0.1"),
          Map.entry("egression.http.port", "8080"),
          Map.entry("egression.http.max-body", "10485760"),
          Map.entry("egression.data.dir", "data"),
          Map.entry("egression.broker.url", ""),
          Map.entry("egression.broker.user", ""),
          Map.entry("egression.broker.password", ""),
          Map.entry("egression.broker.config", "artemis/broker.xml"),
          Map.entry("egression.database.url", ""),
          Map.entry("egression.database.user", "egression"),
          Map.entry("egression.database.password", ""),
          Map.entry("egression.database.pool", "20"),
          Map.entry("egression.metadata.url", "http://127.0.0.1:8081"),
          Map.entry("egression.routes.dir", "routes"),
          Map.entry("egression.connectors.dir", "connectors"),
          Map.entry("egression.node.name", ""));

  private final Map<String, String> values;
  private final List<String> faults = new ArrayList<>();

  private Settings(Map<String, String> values) {
    this.values = values;
    check();
    if (!faults.isEmpty()) {
      throw new InvalidSettingsException(faults);
    }
  }

  /**
   * Reads the settings from everywhere.
   *
   * @param overrides last word, by full key
   * @throws InvalidSettingsException naming every key that is unknown and every wrong value
   */
  public static Settings load(
      Path file,
      Map<String, String> environment,
      Properties system,
      Map<String, String> overrides) {
    Map<String, String> given = new TreeMap<>();
    fromFile(file).forEach((key, value) -> addOwn(given, String.valueOf(key), value));
    environment.forEach(
        (name, value) -> {
          if (name.startsWith("EGRESSION_")) {
            given.put(key(name), value);
          }
        });
    system.forEach((key, value) -> addOwn(given, String.valueOf(key), value));
    given.putAll(overrides);
    return of(given);
  }

  /** Settings from these values and the defaults. */
  public static Settings of(Map<String, String> given) {
    return new Settings(new TreeMap<>(given));
  }

  private static void addOwn(Map<String, String> given, String key, Object value) {
    if (key.startsWith(PREFIX)) {
      given.put(key, String.valueOf(value).strip());
    }
  }

  /** EGRESSION_HTTP_MAX_BODY is egression.http.max-body: an underscore stands for '.' or '-'. */
  private static String key(String variable) {
    String word = variable.toLowerCase(Locale.ROOT);
    return DEFAULTS.keySet().stream()
        .filter(key -> key.replace('-', '_').replace('.', '_').equals(word))
        .findFirst()
        .orElse(word.replace('_', '.'));
  }

  private static Properties fromFile(Path file) {
    Properties properties = new Properties();
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(reader);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + file, e);
      }
    }
    return properties;
  }

  private void check() {
    for (String key : values.keySet()) {
      if (!DEFAULTS.containsKey(key)) {
        faults.add("unknown setting '" + key + "'; " + Suggestion.forWord(key, DEFAULTS.keySet()));
      }
    }
    number("egression.http.port", 0, 65_535);
    number("egression.http.max-body", 1024, 1_073_741_824);
    number("egression.database.pool", 4, 1000);
    startsWith("egression.metadata.url", "http://", "https://");
    startsWith("egression.database.url", "jdbc:postgresql:");
    startsWith("egression.broker.url", "tcp://", "vm://", "(");
    directory("egression.routes.dir");
    directory("egression.connectors.dir");
  }

  private void number(String key, long least, long most) {
    String value = text(key);
    if (!value.matches("\\d{1,10}")
        || Long.parseLong(value) < least
        || Long.parseLong(value) > most) {
      faults.add("%s: '%s' is not a whole number from %d to %d".formatted(key, value, least, most));
    }
  }

  private void startsWith(String key, String... schemes) {
    String value = text(key);
    if (!value.isEmpty() && List.of(schemes).stream().noneMatch(value::startsWith)) {
      faults.add("%s: '%s' must start with %s".formatted(key, value, String.join(" or ", schemes)));
    }
  }

  private void directory(String key) {
    if (!Files.isDirectory(Path.of(text(key)))) {
      faults.add(
          "%s: '%s' is not a directory (working directory: %s)"
              .formatted(key, text(key), Path.of("").toAbsolutePath()));
    }
  }

  private String text(String key) {
    return values.getOrDefault(key, DEFAULTS.getOrDefault(key, ""));
  }

  private @Nullable String textOrNull(String key) {
    String value = text(key);
    return value.isEmpty() ? null : value;
  }

  String httpHost() {
    return text("egression.http.host");
  }

  /** 0: any free port. */
  int httpPort() {
    return Integer.parseInt(text("egression.http.port"));
  }

  long httpMaxBody() {
    return Long.parseLong(text("egression.http.max-body"));
  }

  Path dataDir() {
    return Path.of(text("egression.data.dir"));
  }

  /** Null: the embedded broker. */
  @Nullable String brokerUrl() {
    return textOrNull("egression.broker.url");
  }

  @Nullable String brokerUser() {
    return textOrNull("egression.broker.user");
  }

  @Nullable String brokerPassword() {
    return textOrNull("egression.broker.password");
  }

  Path brokerConfig() {
    return Path.of(text("egression.broker.config"));
  }

  /** Null: the embedded PostgreSQL. */
  @Nullable String databaseUrl() {
    return textOrNull("egression.database.url");
  }

  String databaseUser() {
    return text("egression.database.user");
  }

  String databasePassword() {
    return text("egression.database.password");
  }

  int databasePool() {
    return Integer.parseInt(text("egression.database.pool"));
  }

  String metadataUrl() {
    return text("egression.metadata.url");
  }

  Path routesDir() {
    return Path.of(text("egression.routes.dir"));
  }

  Path connectorsDir() {
    return Path.of(text("egression.connectors.dir"));
  }

  String nodeName() {
    String name = text("egression.node.name");
    return name.isEmpty() ? "hub-" + ProcessHandle.current().pid() : name;
  }

  /** Every setting in force, for placeholders in routes; without passwords. */
  Properties forRoutes() {
    Properties properties = new Properties();
    DEFAULTS.keySet().stream()
        .filter(key -> !key.endsWith(".password"))
        .forEach(key -> properties.setProperty(key, text(key)));
    return properties;
  }
}
