package io.egression.connector;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.RuntimeCamelException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.util.Timeout;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The faults are real ones: real sockets, and the HTTP client that connectors use. */
class FaultKindTest {
  private static final Timeout SHORT = Timeout.ofMilliseconds(300);
  private static final Timeout LONG = Timeout.ofSeconds(20);
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final char[] PASSWORD = "changeit".toCharArray();

  /** A certificate for this machine, which only who has this context trusts. */
  private static SSLContext certified;

  private Timeout connecting = LONG;
  private Timeout answering = LONG;

  /** What a peer does with a connection. */
  private interface Peer {
    /**
     * @param seen opens when the caller has seen what it sees
     */
    void answer(Socket socket, CountDownLatch seen) throws IOException, InterruptedException;
  }

  @BeforeAll
  static void makeCertificate(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("peer.p12");
    String arguments =
        "-genkeypair -alias peer -keyalg EC -dname CN=peer -ext san=ip:127.0.0.1 -storetype PKCS12"
            + " -storepass changeit -keystore "
            + file;
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments.split(" ")));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
    assertThat(keytool.waitFor()).as(said).isZero();
    certified = context(file);
  }

  private static SSLContext context(Path file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, PASSWORD);
    KeyStore known = KeyStore.getInstance("PKCS12");
    known.load(null, null);
    known.setCertificateEntry("peer", store.getCertificate("peer"));
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(known);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  @Test
  void nobody_listening_is_connect() throws IOException {
    assertThat(FaultKind.of(callNobody())).isEqualTo(FaultKind.CONNECT);
  }

  @Test
  void a_peer_that_takes_no_more_connections_is_connect() throws IOException {
    connecting = SHORT;
    List<SocketChannel> waiting = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, HERE)) {
      for (int i = 0; i < 4; i++) {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.connect(full.getLocalSocketAddress());
        waiting.add(channel);
      }
      assertThat(FaultKind.of(call("http", full, trusting()))).isEqualTo(FaultKind.CONNECT);
    } finally {
      for (SocketChannel channel : waiting) {
        channel.close();
      }
    }
  }

  @Test
  void no_port_left_on_this_side_is_connect() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, HERE)) {
      Throwable fault = catchThrowable(() -> new ServerSocket(taken.getLocalPort(), 1, HERE));
      assertThat(fault).isInstanceOf(BindException.class);
      assertThat(FaultKind.of(fault)).isEqualTo(FaultKind.CONNECT);
    }
  }

  @Test
  void a_network_that_cannot_be_reached_is_connect() {
    // Which address that is depends on the machine; the words are the JDK's.
    assertThat(FaultKind.of(new SocketException("Network is unreachable")))
        .isEqualTo(FaultKind.CONNECT);
  }

  @Test
  void a_host_without_address_is_dns() {
    assertThat(FaultKind.of(call("http://no-such-host.invalid/", trusting())))
        .isEqualTo(FaultKind.DNS);
  }

  @Test
  void a_peer_that_never_answers_is_timeout() throws Exception {
    answering = SHORT;
    assertThat(kind(FaultKindTest::isSilent)).isEqualTo(FaultKind.TIMEOUT);
  }

  @Test
  void a_peer_that_stops_in_the_middle_of_the_body_is_timeout() throws Exception {
    answering = SHORT;
    assertThat(
            kind(
                (socket, seen) -> {
                  write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                  seen.await();
                }))
        .isEqualTo(FaultKind.TIMEOUT);
  }

  @Test
  void a_peer_that_closes_without_an_answer_is_reset() throws Exception {
    assertThat(kind((socket, seen) -> readRequest(socket))).isEqualTo(FaultKind.RESET);
  }

  @Test
  void a_peer_that_resets_the_connection_is_reset() throws Exception {
    assertThat(kind(FaultKindTest::resets)).isEqualTo(FaultKind.RESET);
  }

  @Test
  void a_body_cut_short_is_reset() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    assertThat(kind((socket, seen) -> write(socket, answer))).isEqualTo(FaultKind.RESET);
  }

  @Test
  void a_chunk_cut_short_is_reset() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf";
    assertThat(kind((socket, seen) -> write(socket, answer))).isEqualTo(FaultKind.RESET);
  }

  @Test
  void a_missing_last_chunk_is_reset() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    assertThat(kind((socket, seen) -> write(socket, answer))).isEqualTo(FaultKind.RESET);
  }

  @Test
  void a_peer_that_does_not_speak_tls_is_tls() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, HERE)) {
      Peer plain = (socket, seen) -> write(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
      assertThat(kind("https", server, trusting(), plain)).isEqualTo(FaultKind.TLS);
    }
  }

  @Test
  void a_peer_that_breaks_off_the_handshake_is_tls() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, HERE)) {
      Peer closes = (socket, seen) -> readRequest(socket);
      assertThat(kind("https", server, trusting(), closes)).isEqualTo(FaultKind.TLS);
    }
  }

  @Test
  void a_peer_without_a_certificate_is_tls() throws Exception {
    try (ServerSocket server = tlsServer(SSLContext.getDefault())) {
      assertThat(kind("https", server, trusting(), FaultKindTest::isSilent))
          .isEqualTo(FaultKind.TLS);
    }
  }

  @Test
  void a_certificate_that_is_not_trusted_is_tls() throws Exception {
    try (ServerSocket server = tlsServer(certified)) {
      assertThat(kind("https", server, SSLContext.getDefault(), FaultKindTest::isSilent))
          .isEqualTo(FaultKind.TLS);
    }
  }

  @Test
  void a_handshake_that_does_not_go_on_is_connect() throws Exception {
    connecting = SHORT;
    try (ServerSocket server = new ServerSocket(0, 1, HERE)) {
      assertThat(kind("https", server, trusting(), FaultKindTest::isSilent))
          .isEqualTo(FaultKind.CONNECT);
    }
  }

  @Test
  void a_peer_that_never_answers_after_the_handshake_is_timeout() throws Exception {
    answering = SHORT;
    try (ServerSocket server = tlsServer(certified)) {
      assertThat(kind("https", server, trusting(), FaultKindTest::isSilent))
          .isEqualTo(FaultKind.TIMEOUT);
    }
  }

  @Test
  void a_peer_that_closes_after_the_handshake_is_reset() throws Exception {
    try (ServerSocket server = tlsServer(certified)) {
      Peer closes = (socket, seen) -> readRequest(socket);
      assertThat(kind("https", server, trusting(), closes)).isEqualTo(FaultKind.RESET);
    }
  }

  @Test
  void a_peer_that_resets_after_the_handshake_is_reset() throws Exception {
    try (ServerSocket server = tlsServer(certified)) {
      assertThat(kind("https", server, trusting(), FaultKindTest::resets))
          .isEqualTo(FaultKind.RESET);
    }
  }

  @Test
  void an_answer_that_is_not_http_is_other() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nno header\r\n\r\n";
    assertThat(kind((socket, seen) -> write(socket, answer))).isEqualTo(FaultKind.OTHER);
  }

  @Test
  void a_mistake_in_a_route_is_other() {
    assertThat(FaultKind.of(new IllegalStateException(new ClassCastException())))
        .isEqualTo(FaultKind.OTHER);
  }

  @Test
  void a_fault_is_found_inside_what_camel_wraps_around_it() throws IOException {
    assertThat(FaultKind.of(new RuntimeCamelException(callNobody()))).isEqualTo(FaultKind.CONNECT);
  }

  @Test
  void causes_in_a_circle_come_to_an_end() {
    Exception one = new Exception("one");
    one.initCause(new Exception("two", one));
    assertThat(FaultKind.of(one)).isEqualTo(FaultKind.OTHER);
  }

  private static SSLContext trusting() {
    return certified;
  }

  private static ServerSocket tlsServer(SSLContext context) throws IOException {
    return context.getServerSocketFactory().createServerSocket(0, 1, HERE);
  }

  private FaultKind kind(Peer peer) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, HERE)) {
      return kind("http", server, trusting(), peer);
    }
  }

  private FaultKind kind(String scheme, ServerSocket server, SSLContext trust, Peer peer)
      throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    Thread thread = new Thread(() -> serve(server, peer, seen));
    thread.start();
    Throwable fault = call(scheme, server, trust);
    seen.countDown();
    thread.join(10_000);
    return FaultKind.of(fault);
  }

  private static void serve(ServerSocket server, Peer peer, CountDownLatch seen) {
    try (Socket socket = server.accept()) {
      if (socket instanceof SSLSocket tls) {
        tls.startHandshake();
      }
      peer.answer(socket, seen);
    } catch (IOException | InterruptedException e) {
      // the caller sees what it sees
    }
  }

  private static void isSilent(Socket socket, CountDownLatch seen) throws InterruptedException {
    seen.await();
  }

  private static void resets(Socket socket, CountDownLatch seen) throws IOException {
    readRequest(socket);
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private static void write(Socket socket, String answer) throws IOException {
    readRequest(socket);
    socket.getOutputStream().write(answer.getBytes(US_ASCII));
    socket.getOutputStream().flush();
  }

  /** What is not read when the socket closes would make it reset. */
  private static void readRequest(Socket socket) throws IOException {
    byte[] request = new byte[10_000];
    assertThat(socket.getInputStream().read(request)).isPositive();
  }

  private Throwable callNobody() throws IOException {
    ServerSocket closed = new ServerSocket(0, 1, HERE);
    closed.close();
    return call("http", closed, trusting());
  }

  private Throwable call(String scheme, ServerSocket server, SSLContext trust) {
    return call(scheme + "://127.0.0.1:" + server.getLocalPort() + "/", trust);
  }

  private Throwable call(String uri, SSLContext trust) {
    ConnectionConfig timeouts =
        ConnectionConfig.custom().setConnectTimeout(connecting).setSocketTimeout(answering).build();
    var connections =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setDefaultConnectionConfig(timeouts)
            .setTlsSocketStrategy(new DefaultClientTlsStrategy(trust))
            .build();
    HttpPost request = new HttpPost(uri);
    request.setEntity(new StringEntity("{}"));
    Throwable fault =
        catchThrowable(
            () -> {
              try (CloseableHttpClient client =
                  HttpClients.custom()
                      .setConnectionManager(connections)
                      .disableAutomaticRetries()
                      .build()) {
                client.execute(request, answer -> EntityUtils.toString(answer.getEntity()));
              }
            });
    assertThat(fault).as("the call of " + uri).isNotNull();
    return fault;
  }
}
