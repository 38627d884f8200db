package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.apache.hc.core5.ssl.SSLContextBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Certificates of accounts, shown to a server that asks for one. */
class MutualTlsIT {
  private static final String PASSWORD = "changeit";

  private static final SecretFiles SECRETS = new SecretFiles().with("password", PASSWORD);
  private static final List<String> SEEN = new CopyOnWriteArrayList<>();

  private static HttpsServer server;
  private static ExecutorService threads;
  private static TestHub hub;

  @BeforeAll
  static void start() throws Exception {
    Path acme = keys("acme");
    Path globex = keys("globex");
    Path pem = SECRETS.path("globex.pem");
    KeyStore store = TestKeys.read(globex, PASSWORD);
    Files.writeString(
        pem,
        TestKeys.pem("PRIVATE KEY", TestKeys.key(store, PASSWORD))
            + TestKeys.pem("CERTIFICATE", TestKeys.certificate(store)));
    Path old = keys("old", "-startdate", "-3d", "-validity", "1");
    Path own = keys("server");
    Path trusted = SECRETS.path("server.pem");
    Files.writeString(
        trusted, TestKeys.pem("CERTIFICATE", TestKeys.certificate(TestKeys.read(own, PASSWORD))));
    serve(own, acme, globex);
    String password = ", password: '" + SECRETS.placeholder("password") + "'";
    hub =
        TestHub.prepare()
            .accounts(
                "acme",
                account("pkcs12", "https", acme, trusted, password),
                account("pem", "https", pem, trusted, ""),
                account("expired", "https", old, trusted, password),
                account("plain", "http", acme, trusted, password),
                account(
                    "untrusted",
                    "https",
                    acme,
                    acme,
                    password + ", trustStorePassword: '" + SECRETS.placeholder("password") + "'"))
            .start();
  }

  private static Path keys(String name, String... more) {
    return TestKeys.make(SECRETS.path(name + ".p12"), name, PASSWORD, more);
  }

  private static String account(
      String channel, String scheme, Path keys, Path trusted, String password) {
    return """
      %s:
        connector: http-connector
        payload: reference
        parameters: {url: "%s://127.0.0.1:%d/"}
        authentication: {method: mtls, keyStore: "%s", trustStore: "%s"%s}
    """
        .formatted(channel, scheme, server.getAddress().getPort(), keys, trusted, password);
  }

  private static void serve(Path own, Path... clients) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (Path client : clients) {
      trusted.setCertificateEntry(
          client.getFileName().toString(), TestKeys.read(client, PASSWORD).getCertificate("key"));
    }
    SSLContext tls =
        SSLContextBuilder.create()
            .loadKeyMaterial(TestKeys.read(own, PASSWORD), PASSWORD.toCharArray())
            .loadTrustMaterial(trusted, null)
            .build();
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters ssl = tls.getDefaultSSLParameters();
            ssl.setNeedClientAuth(true);
            parameters.setSSLParameters(ssl);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
            SEEN.add(((HttpsExchange) exchange).getSSLSession().getPeerPrincipal().getName());
            exchange.sendResponseHeaders(200, -1);
          }
        });
    threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.stop(0);
    threads.shutdownNow();
  }

  private static String submit(String account) {
    return hub.submit(TestHub.job("acme", account, "product", "1")).get(0);
  }

  private static void awaitReason(String id, String reason) {
    Awaitility.await()
        .untilAsserted(
            () -> assertThat(hub.job(id).path("waitsFor").path("text").asText()).contains(reason));
  }

  @Test
  void each_account_shows_its_own_certificate_on_connections_that_are_used_again() {
    for (int i = 0; i < 2; i++) {
      hub.await(submit("pkcs12"), "delivered");
      hub.await(submit("pem"), "delivered");
    }
    assertThat(SEEN).containsExactly("CN=acme", "CN=globex", "CN=acme", "CN=globex");
  }

  @Test
  void an_expired_certificate_pauses_the_account() {
    awaitReason(submit("expired"), "the certificate of its key store has expired");
  }

  @Test
  void a_certificate_is_never_needed_in_vain() {
    awaitReason(submit("plain"), "mtls needs an address with https");
  }

  @Test
  void a_server_that_is_not_trusted_gets_no_call() {
    String id = submit("untrusted");
    awaitReason(id, "no answer: tls");
    assertThat(hub.job(id).get("state").asText()).isEqualTo("waiting");
  }
}
