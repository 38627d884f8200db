package io.egression.ledger.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code postmaster.pid} of a data directory: the number of the server's process and the directory
 * the server works on.
 *
 * <p>The number alone proves nothing, as it may have gone to another process. And a dead process
 * that nobody has reaped yet counts as alive, for PostgreSQL and for Java, but it has no command.
 */
final class PostgresPidFile {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresPidFile.class);

  private final Path data;
  private final Path file;

  PostgresPidFile(Path data) {
    this.data = data;
    this.file = data.resolve("postmaster.pid");
  }

  /** The process of this data directory's server, if it runs. */
  Optional<ProcessHandle> server() {
    List<String> lines = lines();
    return lines.size() < 2
        ? Optional.empty()
        : process(lines).filter(process -> isServer(process, lines.get(1)));
  }

  /**
   * Deletes a file that hinders a start: one without a number, as a crash may leave it, or one
   * whose number has gone to another process. That no server's children are left, PostgreSQL finds
   * out by its shared memory.
   */
  void deleteIfStale() {
    if (!Files.exists(file) || namesDeadProcess() || server().isPresent()) {
      return;
    }
    LOG.warn("{} does not name a server of ours: {}", file, lines());
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be deleted".formatted(file), e);
    }
  }

  /** That hinders nobody. */
  private boolean namesDeadProcess() {
    List<String> lines = lines();
    return number(lines).isPresent() && process(lines).isEmpty();
  }

  private boolean isServer(ProcessHandle process, String itsData) {
    ProcessHandle.Info info = process.info();
    return info.command().filter(command -> command.endsWith("/postgres")).isPresent()
        && Arrays.asList(info.arguments().orElseGet(() -> new String[0])).contains(itsData)
        && isOurs(Path.of(itsData));
  }

  private boolean isOurs(Path itsData) {
    try {
      return Files.exists(itsData) && Files.isSameFile(itsData, data);
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(itsData), e);
    }
  }

  private static Optional<ProcessHandle> process(List<String> lines) {
    return number(lines).flatMap(ProcessHandle::of);
  }

  private static Optional<Long> number(List<String> lines) {
    return lines.stream().findFirst().filter(line -> line.matches("\\d{1,18}")).map(Long::valueOf);
  }

  private List<String> lines() {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
    } catch (NoSuchFileException e) {
      LOG.trace("No server runs on {}", data, e);
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be read".formatted(file), e);
    }
  }
}
