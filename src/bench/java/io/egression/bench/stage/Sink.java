package io.egression.bench.stage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The nginx that every contender calls. It notes the calls; {@link SinkLog} reads them later. */
public final class Sink implements AutoCloseable {
  private static final String CHANCE =
      """
        split_clients "$http_egression_partition/$http_egression_place" $unlucky%1$d { %1$d%% 1; * 0; }
        map "$unlucky%1$d:$http_egression_attempt" $refused%1$d { "1:1" 1; default 0; }
      """;
  private static final String LOCATION =
      """
          location = /%1$d {
            if ($refused%1$d) {
              return 503;
            }
            return 200 '{"ok":true}';
          }
      """;

  private final int port = freePort();
  private final Path log;
  private final Program nginx;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private long ownRequests;
  private long requestsBefore;
  private long logBefore;

  Sink(Path directory, List<Integer> failing) {
    log = directory.resolve("calls.log");
    try {
      Files.createDirectories(directory.resolve("temp"));
      Files.deleteIfExists(log);
      Files.writeString(directory.resolve("nginx.conf"), configuration(failing));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    nginx =
        new Program(
            List.of("nginx", "-p", directory + "/", "-c", "nginx.conf", "-e", "error.log"),
            Map.of("PATH", System.getenv("PATH") + ":/usr/sbin"),
            directory,
            directory.resolve("stderr.log"));
    Waiting.until(10, this::answers);
  }

  private String configuration(List<Integer> failing) throws IOException {
    List<Integer> chances = failing.stream().filter(share -> share > 0).distinct().toList();
    try (InputStream template = Sink.class.getResourceAsStream("/bench/nginx.conf")) {
      return new String(template.readAllBytes(), StandardCharsets.UTF_8)
          .replace("${user}", "root".equals(System.getProperty("user.name")) ? "user root;" : "")
          .replace("${port}", String.valueOf(port))
          .replace("${chances}", each(CHANCE, chances))
          .replace("${locations}", each(LOCATION, chances));
    }
  }

  private static String each(String text, List<Integer> shares) {
    return shares.stream().map(text::formatted).collect(Collectors.joining());
  }

  private boolean answers() {
    try {
      requests();
      return true;
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where the jobs of a load go. */
  public String address(Load load) {
    return address(String.valueOf(load.failing()));
  }

  /** An address by its path: a share that is refused, or {@code always}. */
  public String address(String path) {
    return "http://127.0.0.1:" + port + "/" + path;
  }

  /** Forgets what was called before. */
  public void begin() {
    awaitLog();
    requestsBefore = requests();
    logBefore = log.toFile().length();
  }

  /** How many calls came since {@link #begin}. */
  public long calls() {
    return requests() - requestsBefore;
  }

  /** The calls since {@link #begin}, as noted. */
  public SinkLog log() {
    awaitLog();
    return new SinkLog(log, logBefore);
  }

  private void awaitLog() {
    Waiting.pause(300); // nginx flushes every 100 ms
  }

  private long requests() {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(address("status"))).build();
      String status = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
      ownRequests++;
      return Long.parseLong(status.lines().toList().get(2).strip().split(" ")[2]) - ownRequests;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    nginx.close();
  }
}
