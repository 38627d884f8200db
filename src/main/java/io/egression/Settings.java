package io.egression;

import io.egression.access.AccessTokens;
import io.egression.access.RequestLimits;
import io.egression.connector.Events;
import io.egression.connector.KeyFile;
import io.egression.connector.Secret;
import io.egression.connector.Suggestion;
import io.egression.intake.JmsIntake;
import io.egression.notify.Notifier;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
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
  private static final String VARIABLE_PREFIX = "EGRESSION_";

  /** Every key and its default; an empty default means unset. */
  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("egression.http.host", "127.0.0.1"),
          Map.entry("egression.http.port", "8080"),
          Map.entry("egression.http.tls.file", ""),
          Map.entry("egression.http.tls.password", ""),
          Map.entry("egression.http.max-body", "10485760"),
          Map.entry("egression.http.rate", "5000"),
          Map.entry("egression.http.body-timeout", "30"),
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
          Map.entry("egression.metadata.token", ""),
          Map.entry("egression.metadata.user", ""),
          Map.entry("egression.metadata.password", ""),
          Map.entry("egression.metadata.timeout", "15"),
          Map.entry("egression.metadata.max-body", "5242880"),
          Map.entry("egression.metadata.cache", "33554432"),
          Map.entry("egression.metadata.batch", "1"),
          Map.entry("egression.metadata.rate", "0"),
          Map.entry("egression.retention.every", "60"),
          Map.entry("egression.jms.users", ""),
          Map.entry("egression.oidc.issuer", ""),
          Map.entry("egression.oidc.audience", ""),
          Map.entry("egression.oidc.keys", ""),
          Map.entry("egression.oidc.role-claim", "egression_role"),
          Map.entry("egression.oidc.subscriptions-claim", "egression_subscriptions"),
          Map.entry("egression.camel.cli", "false"),
          Map.entry("egression.metrics.accounts", "false"),
          Map.entry("egression.notify.url", ""),
          Map.entry("egression.notify.secret", ""),
          Map.entry("egression.notify.dead", "10"),
          Map.entry("egression.traces.url", ""),
          Map.entry("egression.routes.dir", "routes"),
          Map.entry("egression.connectors.dir", "connectors"),
          Map.entry("egression.node.name", ""));

  /** Of the commands that talk to a hub. */
  private static final Set<String> CLIENT_VARIABLES =
      Set.of("EGRESSION_URL", "EGRESSION_KEY", "EGRESSION_TRUST");

  /** The keys by their environment variables: an underscore stands for '.' or '-'. */
  private static final Map<String, String> VARIABLES =
      DEFAULTS.keySet().stream().collect(Collectors.toMap(Settings::variable, key -> key));

  private final Map<String, String> values = new TreeMap<>();

  private Settings(Map<String, String> given) {
    given.forEach((key, value) -> values.put(key, value.strip()));
    List<String> faults = new ArrayList<>();
    values.keySet().stream()
        .filter(key -> !DEFAULTS.containsKey(key))
        .forEach(key -> faults.add(unknown(key)));
    faults.addAll(new SettingsCheck(this::text).faults());
    if (!faults.isEmpty()) {
      throw new InvalidSettingsException(faults);
    }
  }

  private static String unknown(String key) {
    boolean variable = key.startsWith(VARIABLE_PREFIX);
    Set<String> known = variable ? VARIABLES.keySet() : DEFAULTS.keySet();
    return "unknown setting '" + key + "'; " + Suggestion.forWord(key, known);
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
    addOwn(given, fromFile(file));
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(VARIABLE_PREFIX) && !CLIENT_VARIABLES.contains(name)) {
            given.put(VARIABLES.getOrDefault(name, name), value);
          }
        });
    addOwn(given, system);
    given.putAll(overrides);
    return of(given);
  }

  /** Settings from these values and the defaults. */
  public static Settings of(Map<String, String> given) {
    return new Settings(given);
  }

  private static void addOwn(Map<String, String> given, Properties properties) {
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith(PREFIX)) {
        given.put(key, properties.getProperty(key));
      }
    }
  }

  private static String variable(String key) {
    return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  private static Properties fromFile(Path file) {
    Properties properties = new Properties();
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
        properties.load(reader);
      } catch (MalformedInputException e) {
        throw new InvalidSettingsException(List.of(file + ": not UTF-8"));
      } catch (IllegalArgumentException | IOException e) { // the former for a broken escape
        throw new InvalidSettingsException(List.of(file + ": cannot be read: " + e.getMessage()));
      }
    }
    return properties;
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

  /** Null: plain HTTP. */
  @Nullable ServerTls httpTls() {
    String file = text("egression.http.tls.file");
    try {
      return file.isEmpty()
          ? null
          : ServerTls.read(Path.of(file), new Secret(text("egression.http.tls.password")));
    } catch (KeyFile.UnusableException e) { // it has changed since it was checked
      throw new InvalidSettingsException(List.of("egression.http.tls.file: " + e.getMessage()));
    }
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

  @Nullable String metadataToken() {
    return textOrNull("egression.metadata.token");
  }

  @Nullable String metadataUser() {
    return textOrNull("egression.metadata.user");
  }

  String metadataPassword() {
    return text("egression.metadata.password");
  }

  /** The subscriptions for which the broker's users may hand over jobs. */
  Map<String, Set<String>> jmsUsers() {
    return JmsIntake.users(text("egression.jms.users"));
  }

  /** Null: no tokens are taken. */
  AccessTokens.@Nullable Provider oidc() {
    String issuer = text("egression.oidc.issuer");
    return issuer.isEmpty()
        ? null
        : new AccessTokens.Provider(
            issuer,
            text("egression.oidc.audience"),
            URI.create(text("egression.oidc.keys")),
            text("egression.oidc.role-claim"),
            text("egression.oidc.subscriptions-claim"));
  }

  /** Between two looks for jobs that were kept long enough. */
  Duration retentionEvery() {
    return Duration.ofSeconds(Long.parseLong(text("egression.retention.every")));
  }

  /** From the request to the answer's last byte. */
  Duration metadataTimeout() {
    return Duration.ofSeconds(Long.parseLong(text("egression.metadata.timeout")));
  }

  int metadataMaxBody() {
    return Integer.parseInt(text("egression.metadata.max-body"));
  }

  /** In bytes; 0: nothing is kept. */
  long metadataCache() {
    return Long.parseLong(text("egression.metadata.cache"));
  }

  /** Requests a second of this node; 0: any number. */
  int metadataRate() {
    return Integer.parseInt(text("egression.metadata.rate"));
  }

  RequestLimits.Bounds httpBounds() {
    return new RequestLimits.Bounds(
        httpMaxBody(),
        Integer.parseInt(text("egression.http.rate")),
        Duration.ofSeconds(Long.parseLong(text("egression.http.body-timeout"))));
  }

  /** Null: nobody is told. */
  Notifier.@Nullable Receiver notifyReceiver() {
    String url = text("egression.notify.url");
    return url.isEmpty()
        ? null
        : new Notifier.Receiver(
            new Events.Webhook(URI.create(url), new Secret(text("egression.notify.secret"))),
            Integer.parseInt(text("egression.notify.dead")));
  }

  @Nullable String tracesUrl() {
    String url = text("egression.traces.url");
    return url.isEmpty() ? null : url;
  }

  /** Whether Camel's own command line sees the hub. */
  boolean camelCli() {
    return Boolean.parseBoolean(text("egression.camel.cli"));
  }

  boolean metricsByAccount() {
    return Boolean.parseBoolean(text("egression.metrics.accounts"));
  }

  /** Objects in one request, at most. */
  int metadataBatch() {
    return Integer.parseInt(text("egression.metadata.batch"));
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

  /** Every setting in force, for placeholders in routes; without secrets. */
  Properties forRoutes() {
    Properties properties = new Properties();
    DEFAULTS.keySet().stream()
        .filter(key -> !key.matches(".*\\.(password|token|secret)"))
        .forEach(key -> properties.setProperty(key, text(key)));
    return properties;
  }
}
