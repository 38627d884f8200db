package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The API over TLS, by configuration alone. */
class HttpsIT {
  private static final String PASSWORD = "not-to-be-seen";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"PKCS #12", "PEM"})
  void serves_tls_and_nothing_else(String form) throws Exception {
    Path file = keys();
    KeyStore store = TestKeys.read(file, PASSWORD);
    boolean pem = form.equals("PEM");
    TestHub prepared =
        TestHub.prepare()
            .with("egression.http.tls.file", (pem ? pem(store) : file).toString())
            .with("egression.http.tls.password", pem ? "" : PASSWORD);
    try (TestHub hub = prepared.start()) {
      URI health = hub.uri("/health");
      assertThat(health.getScheme()).isEqualTo("https");

      HttpClient trusting = HttpClient.newBuilder().sslContext(trusting(store)).build();
      HttpResponse<String> answer =
          trusting.send(get(health), HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
      assertThat(status(trusting, hub.request("/v1/overview").build())).isEqualTo(200);
      assertThat(status(trusting, get(hub.uri("/v1/overview")))).isEqualTo(401);

      assertThatThrownBy(() -> status(HttpClient.newHttpClient(), get(health)))
          .isInstanceOf(SSLHandshakeException.class);
      URI plain = URI.create("http://127.0.0.1:" + health.getPort() + "/health");
      assertThatThrownBy(() -> status(HttpClient.newHttpClient(), get(plain)))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void the_command_line_trusts_the_certificate_it_is_given() throws Exception {
    Path file = keys();
    Path certificate = directory.resolve("hub.crt");
    Files.writeString(certificate, block("CERTIFICATE", certificate(file)));
    TestHub prepared =
        TestHub.prepare()
            .with("egression.http.tls.file", file.toString())
            .with("egression.http.tls.password", PASSWORD);
    try (TestHub hub = prepared.start()) {
      assertThat(overview(hub, "--trust", certificate.toString())).isZero();
      assertThat(overview(hub)).isNotZero();
      assertThat(overview(hub, "--trust", directory.resolve("none").toString())).isNotZero();
    }
  }

  @Test
  void a_file_that_cannot_be_used_stops_the_start_and_is_named() throws Exception {
    Path file = keys();
    Path certificate = directory.resolve("hub.crt");
    Files.writeString(certificate, block("CERTIFICATE", certificate(file)));

    assertThat(fault(directory.resolve("none").toString(), ""))
        .contains("egression.http.tls.file", "there is no file");
    assertThat(fault(file.toString(), "wrong-" + PASSWORD))
        .contains("egression.http.tls.file", "is its password right?")
        .doesNotContain(PASSWORD);
    assertThat(fault(certificate.toString(), "")).contains("there is no private key in it");
    assertThat(fault("", PASSWORD))
        .contains("egression.http.tls.password: there is no egression.http.tls.file")
        .doesNotContain(PASSWORD);
  }

  private static String fault(String file, String password) {
    Map<String, String> settings =
        Map.of("egression.http.tls.file", file, "egression.http.tls.password", password);
    try {
      Settings.of(settings);
    } catch (Settings.InvalidSettingsException e) {
      return e.getMessage();
    }
    throw new AssertionError("these settings were taken");
  }

  private int overview(TestHub hub, String... more) throws IOException {
    Path key = Files.writeString(directory.resolve("hub.key"), hub.key());
    List<String> command =
        new ArrayList<>(
            List.of("overview", "--url", hub.uri("/").toString(), "--key-file", key.toString()));
    command.addAll(List.of(more));
    CommandLine line = Egression.commandLine();
    line.setOut(new PrintWriter(new StringWriter()));
    line.setErr(new PrintWriter(new StringWriter()));
    return line.execute(command.toArray(String[]::new));
  }

  private Path keys() {
    return TestKeys.make(directory.resolve("hub.p12"), "hub", PASSWORD);
  }

  private Path pem(KeyStore store) throws IOException, GeneralSecurityException {
    return Files.writeString(
        directory.resolve("hub.pem"),
        block("PRIVATE KEY", TestKeys.key(store, PASSWORD))
            + block("CERTIFICATE", store.getCertificate("key").getEncoded()));
  }

  private static byte[] certificate(Path file) throws GeneralSecurityException {
    return TestKeys.read(file, PASSWORD).getCertificate("key").getEncoded();
  }

  private static String block(String what, byte[] content) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(what, Base64.getMimeEncoder().encodeToString(content), what);
  }

  private static SSLContext trusting(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private static HttpRequest get(URI uri) {
    return HttpRequest.newBuilder(uri).build();
  }

  private static int status(HttpClient client, HttpRequest request)
      throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }
}
