package io.egression.bench.stage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process that the suite started: its lines of output, its memory and its end. */
public final class Program implements AutoCloseable {
  private static final String ENDED = "\0";

  private final Process process;
  private final Path errors;
  private final PrintWriter input;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  /**
   * Starts a program.
   *
   * @param errors where its standard error goes
   */
  public Program(
      List<String> command, Map<String, String> environment, Path directory, Path errors) {
    this.errors = errors;
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().putAll(environment);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()));
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + command.get(0), e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    input = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    Thread reader = new Thread(this::read, "output of " + command.get(0));
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      output.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      lines.add("(output ended: " + e.getMessage() + ")");
    } finally {
      lines.add(ENDED);
    }
  }

  /** Writes a line to its standard input. */
  public void tell(String line) {
    input.println(line);
  }

  /** Waits for the next line of output that matches and returns its first group. */
  public String await(Pattern wanted, long seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      while (true) {
        String line = lines.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null || line.equals(ENDED)) {
          throw new IllegalStateException(
              (line == null ? "no answer within " + seconds + " s; " : "it ended; ") + says());
        }
        Matcher matcher = wanted.matcher(line);
        if (matcher.find()) {
          return matcher.group(1);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private String says() {
    try {
      List<String> all = Files.readAllLines(errors);
      return String.join("\n", all.subList(Math.max(0, all.size() - 30), all.size()));
    } catch (IOException e) {
      return errors + " cannot be read: " + e.getMessage();
    }
  }

  public long pid() {
    return process.pid();
  }

  /** Ends it: politely, then not. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
