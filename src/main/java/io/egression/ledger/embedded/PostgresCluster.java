package io.egression.ledger.embedded;

import java.io.Serial;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL's data directory and the one server that works on it. */
final class PostgresCluster {
  static final String USER = "egression";

  private static final Logger LOG = LoggerFactory.getLogger(PostgresCluster.class);
  private static final Duration CREATE_LIMIT = Duration.ofMinutes(5);
  private static final Duration START_LIMIT = Duration.ofMinutes(10); // recovery takes its time
  private static final Duration STOP_LIMIT = Duration.ofMinutes(1);
  private static final Duration MARGIN = Duration.ofSeconds(10); // pg_ctl has the limit, too

  /** Another process has the port, or what was left of the last server is not gone yet. */
  private static final List<String> BUSY =
      List.of("could not bind", "pre-existing shared memory block", "lock file \"postmaster.pid\"");

  private final PostgresDirectory directory;
  private final PostgresPrograms programs;
  private final PostgresPidFile pidFile;

  private PostgresCluster(PostgresDirectory directory, PostgresPrograms programs) {
    this.directory = directory;
    this.programs = programs;
    this.pidFile = new PostgresPidFile(directory.data());
  }

  /** The server cannot have its port or its memory yet: try again. */
  static final class BusyException extends IllegalStateException {
    @Serial private static final long serialVersionUID = 1;

    BusyException(String message) {
      super(message);
    }
  }

  /** The cluster of a directory, made if there is none. */
  static PostgresCluster in(PostgresDirectory directory) {
    Path unpacked = PostgresBinaries.unpack(directory);
    PostgresPrograms programs = PostgresPrograms.of(directory, unpacked);
    PostgresCluster cluster = new PostgresCluster(directory, programs);
    cluster.stop(); // a server left over by a killed hub
    programs.own(directory.root());
    if (!Files.exists(directory.data())) {
      cluster.create();
    }
    return cluster;
  }

  private void create() {
    directory.ensurePassword();
    Path part = directory.newPart("data");
    programs.own(directory.passwordFile());
    programs.own(part);
    PostgresPrograms.Result made =
        programs.execute(CREATE_LIMIT, "initdb", initdbArguments(part).toArray(String[]::new));
    if (made.failed()) {
      throw new IllegalStateException("PostgreSQL's initdb failed: " + made.output());
    }
    directory.publish(part, directory.data());
  }

  private List<String> initdbArguments(Path part) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("-D", part.toString(), "-U", USER, "-E", "UTF-8", "--locale=C"));
    arguments.addAll(List.of("--locale-provider=builtin", "--builtin-locale=C.UTF-8"));
    arguments.addAll(List.of("--auth=scram-sha-256", "--pwfile=" + directory.passwordFile()));
    arguments.addAll(List.of("--data-checksums", "--no-instructions"));
    PostgresSettings.SIZES.forEach(size -> arguments.addAll(List.of("--set", size)));
    return arguments;
  }

  /** Starts the server anew on a port: one that still runs here is stopped first. */
  void start(int port) {
    stop();
    pidFile.deleteIfStale();
    String log = directory.log().toString();
    long before = PostgresPrograms.size(directory.log());
    PostgresPrograms.Result started =
        pgCtl(START_LIMIT, "start", "-l", log, "-o", PostgresSettings.commandLine(port));
    if (started.failed()) {
      stop();
      String says = PostgresPrograms.end(directory.log(), before);
      throw failure("PostgreSQL does not start: %s%n%s".formatted(started.output(), says));
    }
  }

  private static IllegalStateException failure(String message) {
    boolean busy = BUSY.stream().anyMatch(message::contains);
    return busy ? new BusyException(message) : new IllegalStateException(message);
  }

  /** Stops the server, if one runs: open transactions are rolled back. */
  void stop() {
    for (String mode : List.of("fast", "immediate")) {
      if (server().isEmpty()) {
        return;
      }
      PostgresPrograms.Result stopped = pgCtl(STOP_LIMIT, "stop", "-m", mode);
      if (!stopped.failed()) {
        return;
      }
      LOG.warn("PostgreSQL could not be stopped ({}): {}", mode, stopped.output());
    }
    server()
        .ifPresent(
            server -> {
              throw new IllegalStateException(
                  "PostgreSQL in %s does not stop (process %d)"
                      .formatted(directory.data(), server.pid()));
            });
  }

  /** The process of this directory's server, if it runs. */
  Optional<ProcessHandle> server() {
    return pidFile.server();
  }

  private PostgresPrograms.Result pgCtl(Duration limit, String action, String... options) {
    String data = directory.data().toString();
    String seconds = String.valueOf(limit.toSeconds());
    String[] arguments =
        Stream.concat(Stream.of(action, "-D", data, "-w", "-t", seconds), Arrays.stream(options))
            .toArray(String[]::new);
    return programs.execute(limit.plus(MARGIN), "pg_ctl", arguments);
  }
}
