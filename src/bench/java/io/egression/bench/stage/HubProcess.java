package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A hub as its users run it: the packaged program, {@code java -jar egression.jar run}. */
public final class HubProcess implements AutoCloseable {
  private static final Path JAR = Path.of("target", "egression.jar").toAbsolutePath();
  private static final Pattern READY = Pattern.compile("egression is ready: (\\S+)");

  private final Path directory;
  private final Path connectors;
  private final Map<String, String> settings;
  private final List<String> options;
  private final Program program;
  private final URI address;

  /**
   * Starts a hub and waits until it is ready.
   *
   * @param settings the hub's, in addition to its directories
   * @param options of its JVM
   */
  public HubProcess(
      Path directory, Path connectors, Map<String, String> settings, List<String> options) {
    this.directory = directory;
    this.connectors = connectors;
    this.settings = settings;
    this.options = options;
    Map<String, String> all = new TreeMap<>(settings);
    all.put("egression.http.port", "0");
    all.put("egression.data.dir", directory.resolve("data").toString());
    all.put("egression.connectors.dir", connectors.toString());
    all.put("egression.routes.dir", Path.of("routes").toAbsolutePath().toString());
    all.put("egression.broker.config", Path.of("artemis/broker.xml").toAbsolutePath().toString());
    List<String> command = Java.command(options);
    command.addAll(List.of("-jar", JAR.toString(), "run"));
    Map<String, String> environment = new TreeMap<>();
    all.forEach((key, value) -> environment.put(variable(key), value));
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    program = new Program(command, environment, directory, directory.resolve("hub.log"));
    address = URI.create(program.await(READY, 120));
  }

  private static String variable(String key) {
    return key.toUpperCase(java.util.Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  /** Settings that name the database. */
  public static Map<String, String> over(Databases server, Databases.Database database) {
    return Map.of(
        "egression.database.url", database.url(),
        "egression.database.user", server.user(),
        "egression.database.password", server.password());
  }

  /** Ends it, politely, and starts it again with its data. */
  HubProcess restarted() {
    close();
    return new HubProcess(directory, connectors, settings, options);
  }

  /** One more like it, with data of its own. */
  HubProcess another(int number) {
    return new HubProcess(
        directory.resolveSibling("node-" + number), connectors, settings, options);
  }

  /** Where its API is. */
  public URI address() {
    return address;
  }

  /** The key that the first hub of a database was given. */
  public String key() {
    try {
      return Files.readString(directory.resolve("data/admin.key")).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its process. */
  public Memory memory() {
    return new Memory(program.pid());
  }

  @Override
  public void close() {
    program.close();
  }

  /** Several at once, which share a folder of connectors. */
  static List<HubProcess> several(
      int count, Path root, Path connectors, Map<String, String> settings, List<String> options) {
    List<HubProcess> hubs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      hubs.add(new HubProcess(root.resolve("node-" + i), connectors, settings, options));
    }
    return hubs;
  }
}
