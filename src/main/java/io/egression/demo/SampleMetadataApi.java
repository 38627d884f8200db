package io.egression.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A Metadata API over the sample catalogue, on a free port of the loopback interface: {@code GET
 * /{objectType}/{objectId}}, each segment percent-encoded once, and {@code GET /{objectType}} for
 * the ids. It serves every subscription and channel alike.
 */
public final class SampleMetadataApi implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int NO_BODY = -1;

  private final SampleCatalogue catalogue;
  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(THREADS, task -> new Thread(task, "sample-metadata-api"));

  /** Starts to listen. */
  public SampleMetadataApi(SampleCatalogue catalogue) {
    this.catalogue = catalogue;
    // The server writes head and body apart; without this each answer waits 40 ms for an ACK.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    try {
      server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    } catch (IOException e) {
      threads.shutdown();
      throw new UncheckedIOException("the sample Metadata API cannot listen", e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Where it listens, without a path. */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void handle(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("GET")) {
      exchange.getResponseHeaders().set("Allow", "GET");
      exchange.sendResponseHeaders(405, NO_BODY);
      return;
    }
    String path = exchange.getRequestURI().getRawPath();
    Optional<String> object = find(path);
    Optional<String> ids = ids(path);
    if (ids.isPresent()) {
      answer(exchange, 200, "application/json", ids.get());
    } else if (object.isPresent()) {
      String tag = Integer.toHexString(object.get().hashCode());
      exchange.getResponseHeaders().set("ETag", "W/\"" + tag + "\"");
      answer(exchange, 200, "application/json", object.get());
    } else {
      answer(exchange, 404, "application/problem+json", notFound(path));
    }
  }

  // Only the raw path tells a slash between segments from one inside an id.
  private Optional<String> find(String path) {
    String[] segments = path.split("/", -1);
    return segments.length == 3
        ? catalogue.find(decoded(segments[1]), decoded(segments[2]))
        : Optional.empty();
  }

  /** All in one page. */
  private Optional<String> ids(String path) {
    String[] segments = path.split("/", -1);
    return segments.length == 2
        ? Optional.ofNullable(catalogue.idsByType().get(decoded(segments[1])))
            .map(SampleMetadataApi::listing)
        : Optional.empty();
  }

  private static String listing(List<String> ids) {
    ObjectNode listing = JsonNodeFactory.instance.objectNode();
    ids.forEach(listing.putArray("ids")::add);
    return listing.toString();
  }

  // URLDecoder is for forms, where a plus sign means a space; in a path it means itself.
  private static String decoded(String segment) {
    return URLDecoder.decode(segment.replace("+", "%2B"), UTF_8);
  }

  private static String notFound(String path) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("title", "Not Found")
        .put("status", 404)
        .put("detail", "There is no object at " + path + ".")
        .toString();
  }

  private static void answer(HttpExchange exchange, int status, String type, String json)
      throws IOException {
    byte[] body = json.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  /** Stops listening; calls in hand are cut off. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
