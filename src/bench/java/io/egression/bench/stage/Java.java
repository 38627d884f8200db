package io.egression.bench.stage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How every JVM of the suite is started: the same heap for all, everything else as Java has it. */
public final class Java {
  private Java() {}

  /** The beginning of a command line; what to run is added to it. */
  public static List<String> command(List<String> options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.addAll(options);
    return command;
  }

  /** Starts a class of the suite's own class path. */
  public static Program main(
      Class<?> main, Map<String, String> environment, Path directory, List<String> arguments) {
    return main(main.getName(), environment, directory, arguments);
  }

  static Program main(
      String main, Map<String, String> environment, Path directory, List<String> arguments) {
    List<String> command = command(List.of());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(arguments);
    return new Program(
        command, environment, Path.of("").toAbsolutePath(), directory.resolve("peer.log"));
  }
}
