package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.StubServer.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The acceptor of artemis/broker.xml with the properties that artemis/standalone.sh sets. */
class BrokerTlsIT {
  private static final String PASSWORD = "of-the-store";
  private static final List<String> PROPERTIES =
      List.of("artemis.host", "artemis.port", "artemis.tls");

  @TempDir private Path folder;
  private final EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
  private int port;
  private Path certificate;

  @BeforeEach
  void start() throws Exception {
    KeyStore keys =
        TestKeys.read(TestKeys.make(folder.resolve("broker.p12"), "broker", PASSWORD), PASSWORD);
    certificate =
        Files.writeString(
            folder.resolve("ca.pem"), block("CERTIFICATE", TestKeys.certificate(keys)));
    Path both =
        Files.writeString(
            folder.resolve("both.pem"),
            block("PRIVATE KEY", TestKeys.key(keys, PASSWORD)) + Files.readString(certificate));
    port = TestBroker.freePort();
    System.setProperty("artemis.host", "127.0.0.1");
    System.setProperty("artemis.port", String.valueOf(port));
    System.setProperty(
        "artemis.tls", ";sslEnabled=true;keyStoreType=PEM;keyStorePath=" + both.toAbsolutePath());
    FileConfiguration configuration = new FileConfiguration();
    FileDeploymentManager files =
        new FileDeploymentManager(Path.of("artemis/broker.xml").toUri().toString());
    files.addDeployable(configuration);
    files.readConfiguration();
    configuration.setPersistenceEnabled(false);
    configuration.setSecurityEnabled(false);
    broker.setConfiguration(configuration);
    broker.start();
  }

  @AfterEach
  void stop() throws Exception {
    PROPERTIES.forEach(System::clearProperty);
    broker.stop();
  }

  private static String block(String name, byte[] der) {
    String text =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(name, text, name);
  }

  private TestHub hub(StubServer shop, String url) {
    return TestHub.prepare()
        .with("egression.broker.url", url)
        .accounts("acme", TestHub.account("shop", shop, "payload: reference"));
  }

  @Test
  void a_hub_that_trusts_its_certificate_works_on_it_and_no_other_does() throws IOException {
    TransportConfiguration acceptor =
        broker.getActiveMQServer().getConfiguration().getAcceptorConfigurations().iterator().next();
    assertThat(acceptor.getParams()).containsEntry("sslEnabled", "true");
    String plain = "tcp://127.0.0.1:" + port;
    try (StubServer shop = new StubServer(call -> Answer.of(200));
        TestHub trusting =
            hub(
                shop,
                plain
                    + "?sslEnabled=true&trustStoreType=PEMCA&trustStorePath="
                    + certificate.toAbsolutePath())) {
      trusting.start();
      trusting.await(
          trusting.submit(TestHub.job("acme", "shop", "product", "a")).get(0), "delivered");
      for (String url : List.of(plain, plain + "?sslEnabled=true")) {
        try (var factory = new ActiveMQConnectionFactory(url)) {
          factory.setCallTimeout(3_000);
          assertThatThrownBy(factory::createContext).as(url).isNotNull();
        }
      }
    }
  }
}
