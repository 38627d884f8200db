package io.egression.demo;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.egression.job.Action;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * A channel to deliver to, on a free port of the loopback interface: takes the hub's envelopes by
 * POST, answers as its manners say, and remembers every call and the objects it accepted.
 */
public final class SampleChannel implements AutoCloseable {
  private static final int THREADS = 16;
  private static final int NO_BODY = -1;
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  private static final Map<Integer, String> MESSAGES =
      Map.of(200, "accepted", 429, "too many calls in one second", 503, "not in the mood");

  private final Manners manners;
  private final Clock clock;
  private final List<Call> calls = new ArrayList<>();
  private final Queue<Instant> lastSecond = new ArrayDeque<>();
  private final Map<String, Integer> failures = new HashMap<>();
  private final Map<String, Map<String, String>> received = new LinkedHashMap<>();
  private int envelopes;
  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(THREADS, task -> new Thread(task, "sample-channel"));

  /** Starts to listen. */
  public SampleChannel(Manners manners, Clock clock) {
    this.manners = manners;
    this.clock = clock;
    // The server writes head and body apart; without this each answer waits 40 ms for an ACK.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    try {
      server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    } catch (IOException e) {
      threads.shutdown();
      throw new UncheckedIOException("the sample channel cannot listen", e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Where it listens, without a path; it answers at any. */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Every POST so far, in the order in which they were judged. */
  public synchronized List<Call> calls() {
    return List.copyOf(calls);
  }

  /** The accepted objects' JSON texts by type and id; deleted ones are gone. */
  public synchronized Map<String, Map<String, String>> received() {
    Map<String, Map<String, String>> copy = new LinkedHashMap<>();
    received.forEach((type, bodies) -> copy.put(type, new LinkedHashMap<>(bodies)));
    return copy;
  }

  /** How many calls carried an Idempotency-Key that an earlier call had carried. */
  public int repeatedKeys() {
    Set<String> seen = new HashSet<>();
    List<String> keys = calls().stream().map(Call::idempotencyKey).toList();
    return (int) keys.stream().filter(key -> !key.isEmpty() && !seen.add(key)).count();
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestMethod().equals("POST")) {
      exchange.getResponseHeaders().set("Allow", "POST");
      exchange.sendResponseHeaders(405, NO_BODY);
      return;
    }
    Headers headers = exchange.getRequestHeaders();
    Envelope envelope;
    try {
      envelope = Envelope.read(body);
    } catch (IllegalArgumentException e) {
      answer(exchange, refuse(headers), e.getMessage());
      return;
    }
    int status = judge(headers, envelope);
    if (status == 200) {
      manners.takeTime();
    } else {
      exchange.getResponseHeaders().set("Retry-After", "1");
    }
    answer(exchange, status, MESSAGES.getOrDefault(status, ""));
  }

  private synchronized int refuse(Headers headers) {
    log(headers, clock.instant(), 400, "", List.of());
    return 400;
  }

  // The clock is read under the lock, so that the log is in the order of its times.
  private synchronized int judge(Headers headers, Envelope envelope) {
    Instant now = clock.instant();
    int status = fails(header(headers, "Idempotency-Key")) ? 503 : accepts(now) ? 200 : 429;
    log(headers, now, status, envelope.objectType(), envelope.ids());
    if (status == 200) {
      envelope.applyTo(received.computeIfAbsent(envelope.objectType(), t -> new LinkedHashMap<>()));
    }
    return status;
  }

  private boolean fails(String key) {
    return ++envelopes % manners.failsEvery() == 0
        && failures.merge(key, 1, Integer::sum) <= Manners.FAILURES_PER_KEY;
  }

  private boolean accepts(Instant now) {
    Instant aSecondAgo = now.minusSeconds(1);
    while (!lastSecond.isEmpty() && !lastSecond.element().isAfter(aSecondAgo)) {
      lastSecond.remove();
    }
    return lastSecond.size() < manners.callsPerSecond() && lastSecond.add(now);
  }

  private void log(Headers headers, Instant at, int status, String objectType, List<String> ids) {
    calls.add(
        new Call(
            at,
            header(headers, "Idempotency-Key"),
            header(headers, "Egression-Partition"),
            header(headers, "Egression-Place"),
            status,
            objectType,
            ids));
  }

  private static String header(Headers headers, String name) {
    return Objects.requireNonNullElse(headers.getFirst(name), "");
  }

  private static void answer(HttpExchange exchange, int status, String message) throws IOException {
    byte[] body = JSON.writeValueAsBytes(Map.of("message", message));
    exchange.getResponseHeaders().set("Content-Type", "application/json");
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

  /**
   * One call and its answer. A header that was absent, or a body that was no envelope, is empty.
   */
  public record Call(
      Instant at,
      String idempotencyKey,
      String partition,
      String place,
      int status,
      String objectType,
      List<String> ids) {}

  /**
   * How a channel treats its callers.
   *
   * @param callsPerSecond how many calls it accepts in any sliding second; others get a 429
   * @param failsEvery every call that is a multiple of it gets a 503, unless its key has had two
   * @param quickest the least time that an accepted call takes
   * @param slowest the most time that an accepted call takes
   */
  public record Manners(int callsPerSecond, int failsEvery, Duration quickest, Duration slowest) {
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int FAILURES_PER_KEY = 2;

    /** Accepts everything at once. */
    public static Manners webShop() {
      return new Manners(NEVER, NEVER, Duration.ZERO, Duration.ZERO);
    }

    /** Takes 15 to 40 ms, and 20 calls in any sliding second. */
    public static Manners marketplace() {
      return new Manners(20, NEVER, Duration.ofMillis(15), Duration.ofMillis(40));
    }

    /** Fails every ninth call, but no Idempotency-Key more than twice. */
    public static Manners moody() {
      return new Manners(NEVER, 9, Duration.ZERO, Duration.ZERO);
    }

    private void takeTime() {
      long nanos = ThreadLocalRandom.current().nextLong(quickest.toNanos(), slowest.toNanos() + 1);
      long end = System.nanoTime() + nanos;
      // A thread may be unparked early.
      for (long left = nanos;
          left > 0 && !Thread.currentThread().isInterrupted();
          left = end - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  private record Envelope(Action action, String objectType, List<JsonNode> objects) {
    private static final List<String> TEXTS =
        List.of("job", "subscription", "source", "channel", "action", "objectType");

    static Envelope read(byte[] body) {
      JsonNode json = parsed(body);
      TEXTS.forEach(field -> require(json.path(field).isTextual(), field + " must be a text"));
      require(json.path("attempt").isInt(), "attempt must be a number");
      Action action = action(json.get("action").textValue());
      require(json.path("objects").isArray(), "objects must be an array");
      List<JsonNode> objects = new ArrayList<>();
      json.get("objects").forEach(objects::add);
      require(!objects.isEmpty(), "objects must not be empty");
      for (JsonNode object : objects) {
        require(object.path("id").isTextual(), "each object must have an id");
        require(action == Action.DELETE || object.hasNonNull("body"), "a body is missing");
      }
      return new Envelope(action, json.get("objectType").textValue(), objects);
    }

    private static JsonNode parsed(byte[] body) {
      try {
        return JSON.readTree(body);
      } catch (IOException e) {
        throw new IllegalArgumentException("the body must be JSON", e);
      }
    }

    private static Action action(String word) {
      return Action.of(word)
          .orElseThrow(
              () -> new IllegalArgumentException("action must be create, update or delete"));
    }

    private static void require(boolean fulfilled, String rule) {
      if (!fulfilled) {
        throw new IllegalArgumentException(rule);
      }
    }

    List<String> ids() {
      return objects.stream().map(object -> object.get("id").textValue()).toList();
    }

    void applyTo(Map<String, String> bodies) {
      for (JsonNode object : objects) {
        String id = object.get("id").textValue();
        if (action == Action.DELETE) {
          bodies.remove(id);
        } else {
          bodies.put(id, object.get("body").toString());
        }
      }
    }
  }
}
