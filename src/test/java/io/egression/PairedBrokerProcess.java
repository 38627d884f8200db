package io.egression;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.activemq.artemis.core.config.ClusterConnectionConfiguration;
import org.apache.activemq.artemis.core.config.ha.ReplicaPolicyConfiguration;
import org.apache.activemq.artemis.core.config.ha.ReplicatedPolicyConfiguration;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/**
 * One of a pair of brokers that replicate, in a process of its own: arguments are its data
 * directory, its port, the other's port, and whether it is the backup.
 */
public final class PairedBrokerProcess {
  static final String IN_STEP = "the backup is in step";
  static final String ACTIVE = "the broker is active";

  private PairedBrokerProcess() {}

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[1]);
    boolean backup = Boolean.parseBoolean(arguments[3]);
    FileConfiguration configuration = TestBroker.configuration(Path.of(arguments[0]), port);
    configuration.setSecurityEnabled(false);
    configuration.setClusterUser("pair");
    configuration.setClusterPassword("pair-password");
    configuration.addConnectorConfiguration("own", "tcp://127.0.0.1:" + port);
    configuration.addConnectorConfiguration("other", "tcp://127.0.0.1:" + arguments[2]);
    configuration.addClusterConfiguration(
        new ClusterConnectionConfiguration()
            .setName("pair")
            .setConnectorName("own")
            .setStaticConnectors(List.of("other")));
    configuration.setHAPolicyConfiguration(
        backup ? new ReplicaPolicyConfiguration() : new ReplicatedPolicyConfiguration());
    EmbeddedActiveMQ server = new EmbeddedActiveMQ();
    server.setConfiguration(configuration);
    server.start();
    Duration patience = Duration.ofMinutes(5);
    if (backup) {
      await().atMost(patience).until(() -> server.getActiveMQServer().isReplicaSync());
      System.out.println(IN_STEP);
    }
    await().atMost(patience).until(() -> server.getActiveMQServer().isActive());
    System.out.println(ACTIVE);
    Thread.currentThread().join();
  }
}
