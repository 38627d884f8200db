package io.egression.bench.peer;

import java.nio.file.Path;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** An Artemis broker with the hub's configuration, on a loopback port. */
public final class BrokerPeer {
  private BrokerPeer() {}

  /**
   * Runs until its standard input ends.
   *
   * @param arguments where its journal is kept, and its port
   */
  public static void main(String[] arguments) throws Exception {
    EmbeddedActiveMQ server = start(Path.of(arguments[0]), "tcp://127.0.0.1:" + arguments[1]);
    System.out.println("=ready");
    while (System.in.read() >= 0) {
      continue;
    }
    server.stop();
    System.exit(0);
  }

  static EmbeddedActiveMQ start(Path data, String acceptor) throws Exception {
    FileConfiguration configuration = new FileConfiguration();
    FileDeploymentManager files =
        new FileDeploymentManager(Path.of("artemis/broker.xml").toUri().toString());
    files.addDeployable(configuration);
    files.readConfiguration();
    configuration.setJournalDirectory(data.resolve("journal").toString());
    configuration.setBindingsDirectory(data.resolve("bindings").toString());
    configuration.setLargeMessagesDirectory(data.resolve("large-messages").toString());
    configuration.setPagingDirectory(data.resolve("paging").toString());
    configuration.clearAcceptorConfigurations();
    configuration.addAcceptorConfiguration("bench", acceptor);
    configuration.setSecurityEnabled(false);
    EmbeddedActiveMQ server = new EmbeddedActiveMQ();
    server.setConfiguration(configuration);
    server.start();
    return server;
  }
}
