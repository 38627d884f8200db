package io.egression.delivery;

import java.nio.file.Path;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/**
 * An Artemis broker inside the hub's process, persistent, reachable only from within it: it opens
 * no port.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private final EmbeddedActiveMQ server;

  private EmbeddedBroker(EmbeddedActiveMQ server) {
    this.server = server;
  }

  /**
   * Starts the broker.
   *
   * @param brokerXml its configuration
   * @param data where its journal is kept
   * @param id its number within this process, for {@code vm://<id>}
   */
  public static EmbeddedBroker start(Path brokerXml, Path data, int id) {
    EmbeddedActiveMQ server = new EmbeddedActiveMQ();
    try {
      FileConfiguration configuration = new FileConfiguration();
      FileDeploymentManager files = new FileDeploymentManager(brokerXml.toUri().toString());
      files.addDeployable(configuration);
      files.readConfiguration();
      server.setConfiguration(place(configuration, data, id));
      server.start();
      return new EmbeddedBroker(server);
    } catch (Exception e) { // Artemis declares Exception
      throw new IllegalStateException(
          "the embedded broker cannot start with " + brokerXml + ": " + e.getMessage(), e);
    }
  }

  private static Configuration place(FileConfiguration configuration, Path data, int id)
      throws Exception {
    configuration.setJournalDirectory(data.resolve("journal").toString());
    configuration.setBindingsDirectory(data.resolve("bindings").toString());
    configuration.setLargeMessagesDirectory(data.resolve("large-messages").toString());
    configuration.setPagingDirectory(data.resolve("paging").toString());
    configuration.clearAcceptorConfigurations();
    configuration.addAcceptorConfiguration("in-vm", "vm://" + id);
    configuration.setSecurityEnabled(false); // nothing but this process can reach it
    return configuration;
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) { // Artemis declares Exception
      throw new IllegalStateException("the embedded broker did not stop cleanly", e);
    }
  }
}
