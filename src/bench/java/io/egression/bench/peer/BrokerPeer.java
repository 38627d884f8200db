package io.egression.bench.peer;

import io.egression.TestBroker;
import java.nio.file.Path;

/** An Artemis broker with the hub's configuration, on a loopback port. */
public final class BrokerPeer {
  private BrokerPeer() {}

  /**
   * Runs until its standard input ends.
   *
   * @param arguments where its journal is kept, and its port
   */
  public static void main(String[] arguments) throws Exception {
    TestBroker broker = new TestBroker(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    System.out.println("=ready");
    while (System.in.read() >= 0) {
      continue;
    }
    broker.close();
    System.exit(0);
  }
}
