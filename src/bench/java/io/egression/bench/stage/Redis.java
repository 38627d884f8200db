package io.egression.bench.stage;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The Redis of a peer that needs one, if there is a program {@code redis-server}. */
public final class Redis implements AutoCloseable {
  private static final String PROGRAM = "redis-server";

  private final int port = Sink.freePort();
  private final Program program;

  /** Starts it; it appends each change to a file and syncs that once a second, as BullMQ asks. */
  public Redis(Path directory) {
    List<String> command =
        List.of(
            PROGRAM,
            "--bind",
            "127.0.0.1",
            "--port",
            String.valueOf(port),
            "--dir",
            directory.toString(),
            "--save",
            "",
            "--appendonly",
            "yes",
            "--maxmemory-policy",
            "noeviction");
    program = new Program(command, Map.of(), directory, directory.resolve("redis.log"));
    Waiting.until(10, this::answers);
  }

  /** Whether it can be run. */
  public static boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, PROGRAM)));
  }

  private boolean answers() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    program.close();
  }
}
