package io.egression;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.management.QueueControl;
import org.apache.activemq.artemis.api.core.management.ResourceNames;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.server.impl.ActiveMQServerImpl;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;
import org.awaitility.Awaitility;

/** A broker beside the hub, on a loopback port, that a test can stop, start and manage. */
public final class TestBroker implements AutoCloseable {
  private final Path data;
  private final int port;
  private final Map<String, String> roles;
  private EmbeddedActiveMQ server;

  public TestBroker() {
    this(newDirectory(), freePort());
  }

  public TestBroker(Path data, int port) {
    this(data, port, Map.of());
  }

  /** Lets in these users alone, each with the role of artemis/broker.xml. */
  static TestBroker secured(Map<String, String> roles) {
    return new TestBroker(newDirectory(), freePort(), roles);
  }

  private TestBroker(Path data, int port, Map<String, String> roles) {
    this.data = data;
    this.port = port;
    this.roles = roles;
    start();
  }

  static String password(String user) {
    return user + "-password";
  }

  static Path newDirectory() {
    try {
      return Files.createTempDirectory(Path.of("target").toAbsolutePath(), "broker-");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** That of artemis/broker.xml, on a loopback port. */
  static FileConfiguration configuration(Path data, int port) throws Exception {
    FileConfiguration configuration = new FileConfiguration();
    FileDeploymentManager files =
        new FileDeploymentManager(Path.of("artemis/broker.xml").toUri().toString());
    files.addDeployable(configuration);
    files.readConfiguration();
    configuration.setJournalDirectory(data.resolve("journal").toString());
    configuration.setBindingsDirectory(data.resolve("bindings").toString());
    configuration.setLargeMessagesDirectory(data.resolve("large").toString());
    configuration.setPagingDirectory(data.resolve("paging").toString());
    configuration.clearAcceptorConfigurations();
    configuration.addAcceptorConfiguration("tcp", "tcp://127.0.0.1:" + port);
    return configuration;
  }

  public void start() {
    try {
      FileConfiguration configuration = configuration(data, port);
      configuration.setSecurityEnabled(!roles.isEmpty());
      configuration.setJMXManagementEnabled(true);
      server = new EmbeddedActiveMQ();
      server.setConfiguration(configuration);
      if (!roles.isEmpty()) {
        SecurityConfiguration users = new SecurityConfiguration();
        roles.forEach(
            (user, role) -> {
              users.addUser(user, password(user));
              users.addRole(user, role);
            });
        server.setSecurityManager(
            new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
      }
      server.start();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** From now on its disk is too full, or not, for what artemis/broker.xml allows. */
  void diskIsFull(boolean full) {
    ((ActiveMQServerImpl) server.getActiveMQServer())
        .getMonitor()
        .setMaxUsage(full ? 0 : 0.99)
        .tick();
  }

  /** Keeps no more than this in memory, of an address that gets messages from now on. */
  void memory(long bytes) {
    AddressSettings settings = new AddressSettings();
    settings.setMaxSizeBytes(bytes).setPageSizeBytes((int) bytes / 4);
    server.getActiveMQServer().getAddressSettingsRepository().addMatch("egression.jobs", settings);
  }

  boolean isPaging(String address) {
    try {
      return server
          .getActiveMQServer()
          .getPagingManager()
          .getPageStore(SimpleString.of(address))
          .isPaging();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public String url() {
    return url(port);
  }

  static String url(int port) {
    return "tcp://127.0.0.1:" + port + "?reconnectAttempts=-1&retryInterval=200";
  }

  /** The management of a queue, as the console uses it; waits until there is one. */
  public QueueControl queue(String name) {
    return Awaitility.await()
        .until(
            () ->
                (QueueControl)
                    server
                        .getActiveMQServer()
                        .getManagementService()
                        .getResource(ResourceNames.QUEUE + name),
            queue -> queue != null);
  }

  public long count(String queue) {
    var found = server.getActiveMQServer().locateQueue(SimpleString.of(queue));
    return found == null ? 0 : found.getMessageCount();
  }

  /** How many messages the queue has ever been given. */
  public long added(String queue) {
    var found = server.getActiveMQServer().locateQueue(SimpleString.of(queue));
    return found == null ? 0 : found.getMessagesAdded();
  }

  /** Deletes a queue that has consumers, as the console can. */
  public void delete(String queue) {
    try {
      server.getActiveMQServer().getActiveMQServerControl().destroyQueue(queue, true);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  public void stop() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    stop();
  }
}
