package io.egression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A real HTTP server whose answers a test decides, and which remembers every call. */
public final class StubServer implements AutoCloseable {
  static {
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  /** One request as it came. */
  public record Call(
      String method, URI uri, Map<String, List<String>> headers, String body, int remotePort) {
    public String header(String name) {
      return headers.entrySet().stream()
          .filter(header -> header.getKey().equalsIgnoreCase(name))
          .map(header -> header.getValue().get(0))
          .findFirst()
          .orElse(null);
    }

    public JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    /** The first object id of the hub's envelope. */
    public String objectId() {
      return json().get("objects").get(0).get("id").asText();
    }
  }

  /**
   * An answer.
   *
   * @param stream what writes the body in the body's place, at its own pace; null: none
   */
  public record Answer(int status, Map<String, String> headers, String body, Stream stream) {
    public Answer(int status, Map<String, String> headers, String body) {
      this(status, headers, body, null);
    }

    /** A success whose body is written in chunks, unless the headers tell its length. */
    public static Answer stream(Map<String, String> headers, Stream stream) {
      return new Answer(200, headers, "", stream);
    }

    public static Answer of(int status) {
      return new Answer(status, Map.of(), "{\"status\":" + status + "}");
    }

    public static Answer of(int status, String header, String value) {
      return new Answer(status, Map.of(header, value), "{\"status\":" + status + "}");
    }

    public static Answer json(String body) {
      return new Answer(200, Map.of("Content-Type", "application/json"), body);
    }
  }

  /** Writes a body; may block. */
  public interface Stream {
    void write(OutputStream out) throws Exception;
  }

  /** Decides an answer; may block. */
  public interface Behaviour {
    Answer answer(Call call) throws Exception;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private volatile Behaviour behaviour;
  private volatile boolean remembers = true;

  public StubServer(Behaviour behaviour) {
    this.behaviour = behaviour;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      Call call =
          new Call(
              exchange.getRequestMethod(),
              exchange.getRequestURI(),
              Map.copyOf(exchange.getRequestHeaders()),
              body,
              exchange.getRemoteAddress().getPort());
      if (remembers) {
        calls.add(call);
      }
      Answer answer = behaviour.answer(call);
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      if (answer.stream() != null) {
        String length = answer.headers().getOrDefault("Content-Length", "0");
        exchange.sendResponseHeaders(answer.status(), Long.parseLong(length));
        answer.stream().write(exchange.getResponseBody());
        return;
      }
      byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  /** From now on calls are not kept: there will be very many. */
  public void forget() {
    remembers = false;
  }

  public void behave(Behaviour other) {
    behaviour = other;
  }

  public List<Call> calls() {
    return calls;
  }

  /** Without a path. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
