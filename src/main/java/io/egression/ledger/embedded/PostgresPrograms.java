package io.egression.ledger.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs {@code initdb} and {@code pg_ctl}: as a user PostgreSQL accepts, and within a time limit.
 */
final class PostgresPrograms {
  static final String EXTERNAL = "set egression.database.url to an external PostgreSQL";

  private static final Logger LOG = LoggerFactory.getLogger(PostgresPrograms.class);
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);
  private static final int NOT_STARTED = 127; // as a shell says it
  private static final int TIMED_OUT = 124; // as timeout(1) says it
  private static final int OUTPUT_LENGTH = 4_000;

  private final PostgresDirectory directory;
  private final Path bin;
  private final PostgresAccount account;

  private PostgresPrograms(PostgresDirectory directory, Path bin, PostgresAccount account) {
    this.directory = directory;
    this.bin = bin;
    this.account = account;
  }

  /** What a program said and its exit status, which is 0 if all went well. */
  record Result(int status, String output) {
    boolean failed() {
      return status != 0;
    }
  }

  /** The programs of an unpacked server, run as the first account for which they do run. */
  static PostgresPrograms of(PostgresDirectory directory, Path server) {
    List<String> failures = new ArrayList<>();
    for (PostgresAccount account : PostgresAccount.candidates(directory.root())) {
      PostgresPrograms programs = new PostgresPrograms(directory, server.resolve("bin"), account);
      Result probe = programs.probe();
      if (!probe.failed()) {
        LOG.debug("{}, run as {}", probe.output(), account);
        return programs;
      }
      failures.add("as %s: %s".formatted(account, probe.output()));
    }
    throw new IllegalStateException(
        ("The embedded PostgreSQL in %s does not run here, %s/%s (%s); "
                + "run the hub as another user, or %s")
            .formatted(
                directory.root(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                String.join("; ", failures),
                EXTERNAL));
  }

  /** Makes a file or a tree belong to the server's user. */
  void own(Path tree) {
    account.own(tree);
  }

  /** By way of a shell: setpriv's own exec still has root's rights, the shell's has not. */
  private Result probe() {
    String pgCtl = bin.resolve("pg_ctl").toString();
    return run(PROBE_LIMIT, List.of("/bin/sh", "-c", "exec \"$0\" --version", pgCtl));
  }

  Result execute(Duration limit, String program, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(bin.resolve(program).toString());
    command.addAll(List.of(arguments));
    return run(limit, command);
  }

  private Result run(Duration limit, List<String> command) {
    List<String> prefixed = new ArrayList<>(account.prefix());
    prefixed.addAll(command);
    Path part = directory.newPart("output");
    try {
      return run(limit, prefixed, part.resolve("output"));
    } finally {
      directory.delete(part);
    }
  }

  /** To a file and not a pipe, which a server that inherits it would keep open. */
  private Result run(Duration limit, List<String> command, Path output) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(directory.root().toFile());
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    cleanEnvironment(builder.environment());
    try {
      int status = waitFor(builder.start(), limit);
      String text = end(output, 0);
      return new Result(status, status == TIMED_OUT ? text + " (took over " + limit + ")" : text);
    } catch (IOException e) {
      LOG.debug("Cannot run {}", command, e);
      return new Result(NOT_STARTED, String.valueOf(e.getMessage()));
    }
  }

  private static int waitFor(Process process, Duration limit) {
    if (hasEnded(process, System.nanoTime() + limit.toNanos())) {
      return process.exitValue();
    }
    process.destroyForcibly();
    return TIMED_OUT;
  }

  /** Not interruptible: an interrupted thread, too, must be able to stop the server. */
  private static boolean hasEnded(Process process, long end) {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          LOG.debug("Interrupted; still waiting for {}", process, e);
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void cleanEnvironment(Map<String, String> environment) {
    environment.keySet().removeIf(name -> name.startsWith("PG"));
    environment.put("LC_ALL", "C");
  }

  static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(file), e);
    }
  }

  /** What was added to a file after an offset; of much, the end. */
  static String end(Path file, long offset) {
    long size = size(file);
    long from = Math.max(Math.min(offset, size), size - OUTPUT_LENGTH);
    try (InputStream in = size == 0 ? InputStream.nullInputStream() : Files.newInputStream(file)) {
      in.skipNBytes(from);
      return new String(in.readNBytes(OUTPUT_LENGTH), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(file), e);
    }
  }
}
