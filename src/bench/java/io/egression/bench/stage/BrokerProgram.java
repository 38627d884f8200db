package io.egression.bench.stage;

import io.egression.bench.peer.BrokerPeer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The broker that several hubs share, in a process of its own. */
final class BrokerProgram implements AutoCloseable {
  private final int port = Sink.freePort();
  private final Program program;

  BrokerProgram(Path directory) {
    program =
        Java.main(
            BrokerPeer.class,
            Map.of(),
            directory,
            List.of(directory.resolve("broker").toString(), String.valueOf(port)));
    program.await(Pattern.compile("^=(.*)$"), 60);
  }

  String url() {
    return "tcp://127.0.0.1:" + port + "?reconnectAttempts=-1&retryInterval=200";
  }

  @Override
  public void close() {
    program.close();
  }
}
