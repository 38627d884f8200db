package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Starts contenders by name, each on a new database and in a new directory. */
public final class Contenders {
  /** The hub's own name. */
  public static final String EGRESSION = "egression";

  /**
   * The hub, whose calls of a key go on for 20 ms before the answers to earlier ones are on disk.
   */
  public static final String WRITE_BEHIND = "egression-write-behind";

  private static final String PEERS = "io.egression.bench.peer.";

  private final BenchSettings settings;
  private final Path root;
  private final Databases databases;
  private final Sink sink;
  private final AtomicInteger numbers = new AtomicInteger();

  Contenders(BenchSettings settings, Path root, Databases databases, Sink sink) {
    this.settings = settings;
    this.root = root;
    this.databases = databases;
    this.sink = sink;
  }

  /** Starts a contender that will take this load; only the hub delivers already. */
  public Contender start(String name, Load load) {
    return switch (name) {
      case EGRESSION -> hub(policy(), Map.of("shop", shop(load)));
      case WRITE_BEHIND -> hub(policy(), Map.of("shop", shop(load).writeBehind("20ms")));
      case "camel" -> java("CamelPeer", load, List.of("bare"));
      case "camel-kamelet" -> java("CamelPeer", load, List.of("kamelet"));
      case "camel-throttle" -> java("CamelPeer", load, List.of("throttle"));
      case "db-scheduler" -> java("DbSchedulerPeer", load, List.of());
      case "jobrunr" -> java("JobRunrPeer", load, List.of());
      case "graphile-worker", "pg-boss" -> node(name, load, List.of());
      case "graphile-worker-local" -> node("graphile-worker", load, List.of("local"));
      default -> throw new IllegalArgumentException("no contender " + name);
    };
  }

  /** One hub with its embedded broker and these channels. */
  public HubContender hub(String policy, Map<String, HubFiles.Account> accounts) {
    Path directory = directory(EGRESSION);
    HubFiles files = new HubFiles(directory, connector -> policy, accounts);
    Databases.Database database = databases.open();
    return new HubContender(
        database,
        HubProcess.several(
            1,
            directory,
            files.connectors(),
            HubProcess.over(databases, database),
            settings.hubOptions()),
        List.of());
  }

  /** Hubs that share a broker in a process of its own. */
  public HubContender hubs(int count, Load load) {
    return hubs(count, connector -> policy(), Map.of("shop", shop(load)));
  }

  /** As {@link #hubs(int, Load)}, with these channels; each connector's policy is its own. */
  public HubContender hubs(
      int count, UnaryOperator<String> policy, Map<String, HubFiles.Account> accounts) {
    Path directory = directory("nodes");
    HubFiles files = new HubFiles(directory, policy, accounts);
    Databases.Database database = databases.open();
    BrokerProgram broker = new BrokerProgram(directory);
    Map<String, String> shared = new LinkedHashMap<>(HubProcess.over(databases, database));
    shared.put("egression.broker.url", broker.url());
    List<HubProcess> hubs =
        HubProcess.several(count, directory, files.connectors(), shared, settings.hubOptions());
    return new HubContender(database, hubs, List.of(broker));
  }

  /** The account that takes the load. */
  private HubFiles.Account shop(Load load) {
    return HubFiles.Account.of(sink.address(load));
  }

  /** The connector's policy: the retry that all contenders have as far as they can. */
  private String policy() {
    return "retry: {backoff: fixed, first: %dms, jitter: 0}%n".formatted(settings.number("retry"));
  }

  /** What the part about starts needs, in a new directory. */
  public Starts starts() {
    return new Starts(directory("starts"), Map.of("shop", shop(new Load(1, 1))));
  }

  /** BullMQ over this Redis. */
  public Contender bullmq(Redis redis, Load load) {
    return node("bullmq", load, List.of(String.valueOf(redis.port())));
  }

  private Contender java(String peer, Load load, List<String> arguments) {
    Databases.Database database = databases.open();
    Path directory = directory(peer);
    Map<String, String> environment = environment(database, load, directory);
    return new PeerContender(Java.main(PEERS + peer, environment, directory, arguments), database);
  }

  private Contender node(String name, Load load, List<String> arguments) {
    Databases.Database database = databases.open();
    Path directory = directory(name);
    Path modules = NodeModules.installed(Stage.output());
    List<String> command = new ArrayList<>(List.of("node", name + ".mjs"));
    command.addAll(arguments);
    return new PeerContender(
        new Program(
            command,
            environment(database, load, directory),
            modules,
            directory.resolve("peer.log")),
        database);
  }

  private Map<String, String> environment(Databases.Database database, Load load, Path directory) {
    return Map.of(
        "BENCH_DATABASE", database.url(),
        "BENCH_USER", databases.user(),
        "BENCH_PASSWORD", databases.password(),
        "BENCH_SINK", sink.address(load),
        "BENCH_CALLS", String.valueOf(load.keys() == 1 ? 1 : settings.number("calls")),
        "BENCH_RETRY", settings.text("retry"),
        "BENCH_DIRECTORY", directory.toString());
  }

  /** A new directory for a contender's files. */
  public Path directory(String name) {
    try {
      return Files.createDirectories(
          root.resolve("runs/" + numbers.incrementAndGet() + "-" + name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
