package io.egression.bench.stage;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Programs that are started to be timed: a hub with everything embedded, and bare Camel. */
public final class Starts {
  private final Path directory;
  private final HubFiles files;

  Starts(Path directory, Map<String, HubFiles.Account> accounts) {
    this.directory = directory;
    this.files = new HubFiles(directory, connector -> "", accounts);
  }

  /** A program that is ready. */
  public record Started(AutoCloseable program, Memory memory) implements AutoCloseable {
    @Override
    public void close() {
      Closing.all(List.of(program));
    }
  }

  /** A hub; the first one of these unpacks PostgreSQL and makes the database. */
  public Started hub() {
    HubProcess hub = hubProcess(List.of());
    return new Started(hub, hub.memory());
  }

  /**
   * The same as a hub.
   *
   * @param options of its JVM
   */
  public HubProcess hubProcess(List<String> options) {
    return new HubProcess(directory.resolve("hub"), files.connectors(), Map.of(), options);
  }

  /** The least that Camel can be. */
  public Started camelMain() {
    Program program =
        Java.main("io.egression.bench.peer.IdleCamel", Map.of(), directory, List.of());
    program.await(Pattern.compile("^=(.*)$"), 60);
    return new Started(program, new Memory(program.pid()));
  }
}
