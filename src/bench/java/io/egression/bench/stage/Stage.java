package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** PostgreSQL, sink and contenders of one run, under {@code target/bench}. */
public final class Stage implements AutoCloseable {
  private static final Path ROOT = Path.of("target", "bench").toAbsolutePath();

  private final BenchSettings settings;
  private final Databases databases;
  private final Sink sink;
  private final Contenders contenders;

  /** Starts what all contenders share. */
  public Stage(BenchSettings settings) {
    this.settings = settings;
    try {
      Path work = emptied(ROOT.resolve("work"));
      databases = new Databases(work.resolve("postgres"));
      sink = new Sink(Files.createDirectories(work.resolve("sink")), settings.numbers("failing"));
      contenders = new Contenders(settings, work, databases, sink);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What an earlier run left: logs and flight recordings stay until the next one. */
  private static Path emptied(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    return Files.createDirectories(directory);
  }

  public BenchSettings settings() {
    return settings;
  }

  public Sink sink() {
    return sink;
  }

  public Databases databases() {
    return databases;
  }

  public Contenders contenders() {
    return contenders;
  }

  /** Where results go. */
  public static Path output() {
    return ROOT;
  }

  @Override
  public void close() {
    sink.close();
    databases.close();
  }
}
