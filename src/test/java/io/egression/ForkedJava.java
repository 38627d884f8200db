package io.egression;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** A main class of the test's class path in a process of its own, which a test can kill. */
public final class ForkedJava implements AutoCloseable {
  private final Process process;
  private final List<String> output = new CopyOnWriteArrayList<>();

  public ForkedJava(Class<?> main, Map<String, String> properties, String... arguments) {
    this(List.of(), main, properties, arguments);
  }

  /**
   * @param options of the JVM
   */
  public ForkedJava(
      List<String> options, Class<?> main, Map<String, String> properties, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    properties.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread reader = new Thread(this::read, "output of " + main.getSimpleName());
    reader.setDaemon(true);
    reader.start();
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      lines.lines().forEach(output::add);
    } catch (IOException | UncheckedIOException e) {
      output.add("(output ended: " + e.getMessage() + ")");
    }
  }

  public List<String> output() {
    return output;
  }

  /** Waits for a line that matches and returns its first group. */
  public String awaitLine(String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    return Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .until(() -> find(wanted), found -> found != null);
  }

  private String find(Pattern wanted) {
    for (String line : output) {
      Matcher matcher = wanted.matcher(line);
      if (matcher.find()) {
        return matcher.group(matcher.groupCount() == 0 ? 0 : 1);
      }
    }
    if (!process.isAlive()) {
      throw new IllegalStateException("the process ended:\n" + String.join("\n", output));
    }
    return null;
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL. */
  public void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(10));
  }

  /** SIGTERM. */
  public void terminate() {
    process.destroy();
  }

  /** Any signal by name. */
  public void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, String.valueOf(pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits for the end and returns the exit code. */
  public int awaitExit(Duration most) {
    try {
      if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(
            "still running after " + most + ":\n" + String.join("\n", output));
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
