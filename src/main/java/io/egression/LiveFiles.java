package io.egression;

import io.egression.connector.Fault;
import io.egression.connector.Fault.FaultyFilesException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices edits of the files, and has them taken over once the files have been as they are for a
 * moment: so edits that belong together are taken together. While they are not right, what was in
 * force before stays, and the faults are told. It looks at names, times and sizes, which also works
 * where a mounted folder tells nobody of changes. Thread safe.
 */
public final class LiveFiles implements AutoCloseable {
  /** What is done with edited files. */
  interface Taking {
    /** Everything that is wrong with them as they are. */
    List<Fault> faults();

    /**
     * Puts them in force.
     *
     * @throws RuntimeException saying why that is not possible: nothing has changed then
     */
    void take();
  }

  /**
   * What is in force.
   *
   * @param since when it was taken over
   * @param faults of an edit that was not
   */
  public record State(String hash, Instant since, List<Fault> faults) {}

  private static final Logger LOG = LoggerFactory.getLogger(LiveFiles.class);
  private static final Duration LOOK = Duration.ofMillis(400);

  private final List<Path> folders;
  private final Taking taking;
  private final Clock clock;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-files");
            thread.setDaemon(true);
            return thread;
          });
  private Map<String, String> seen;
  private Map<String, String> taken;
  private volatile State state;

  /**
   * @param folders that are looked at
   */
  LiveFiles(List<Path> folders, Taking taking, Clock clock) {
    this.folders = List.copyOf(folders);
    this.taking = taking;
    this.clock = clock;
    this.taken = look();
    this.seen = taken;
    this.state = new State(hash(), clock.instant(), List.of());
  }

  void start() {
    timer.scheduleWithFixedDelay(
        this::check, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What is in force, and what is wrong with an edit that is not. */
  public State state() {
    return state;
  }

  private String hash() {
    return ConfigurationHash.of(folders.toArray(Path[]::new));
  }

  private void check() {
    try {
      Map<String, String> now = look();
      boolean quiet = now.equals(seen);
      seen = now;
      if (quiet && !now.equals(taken)) {
        taken = now;
        take();
      }
    } catch (RuntimeException e) { // the next look finds it again
      LOG.error("edited files could not be looked at", e);
      taken = Map.of();
    }
  }

  private void take() {
    String hash = hash();
    List<Fault> faults = taking.faults();
    if (faults.isEmpty() && !hash.equals(state.hash)) {
      faults = tryToTake();
    }
    if (faults.isEmpty()) {
      if (!hash.equals(state.hash)) {
        LOG.info("edited files are in force: configuration {}", hash.substring(0, 12));
        state = new State(hash, clock.instant(), faults);
      } else {
        state = new State(hash, state.since, faults);
      }
    } else {
      faults.forEach(fault -> LOG.error("an edit is not taken over: {}", fault));
      state = new State(state.hash, state.since, faults);
    }
  }

  private List<Fault> tryToTake() {
    try {
      taking.take();
      return List.of();
    } catch (FaultyFilesException e) {
      return e.faults();
    } catch (RuntimeException e) {
      LOG.debug("an edit cannot be put in force", e);
      return List.of(new Fault(folders.get(0), 1, 1, String.valueOf(e.getMessage())));
    }
  }

  private Map<String, String> look() {
    Map<String, String> files = new TreeMap<>();
    for (Path folder : folders) {
      try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
        for (Path file : all.filter(path -> path.toString().endsWith(".yaml")).toList()) {
          files.put(
              file.toString(), Files.getLastModifiedTime(file).toMillis() + " " + Files.size(file));
        }
      } catch (IOException | UncheckedIOException e) { // gone between two looks
        LOG.debug("the files change while they are looked at: {}", e.getMessage());
        files.put(folder.toString(), "changing");
      }
    }
    return files;
  }

  @Override
  public void close() {
    timer.shutdown();
    try {
      timer.awaitTermination(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
