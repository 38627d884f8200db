package io.egression.access;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a request may take: size, headers, time for its body, and how many come with one key. Thread
 * safe.
 *
 * <p>The server itself bounds the request line (4 KB) and the headers as a whole (8 KB).
 */
public final class RequestLimits {
  private static final int MOST_HEADERS = 60;
  private static final long SECOND = 1_000_000_000L;

  /**
   * @param bytes the largest body
   * @param perSecond requests of one key, on this node; a second's worth may come at once
   * @param body from a request's headers to its last byte
   */
  public record Bounds(long bytes, int perSecond, Duration body) {}

  /** Why a request is not served. */
  record Refusal(int status, String name, String title, @Nullable String detail, boolean close) {}

  private static final int MANY = 10_000;

  private final Bounds bounds;

  /** By key: when all that it has asked for would have been asked evenly (GCRA). */
  private final Map<String, AtomicLong> evenly = new ConcurrentHashMap<>();

  public RequestLimits(Bounds bounds) {
    this.bounds = bounds;
  }

  /** Before the key is known. */
  Optional<Refusal> refusal(HttpServerRequest request) {
    return request.headers().size() > MOST_HEADERS
        ? Optional.of(
            new Refusal(
                431,
                "too-many-headers",
                "There are too many headers",
                "At most " + MOST_HEADERS + ".",
                true))
        : Optional.empty();
  }

  /** Once it is. */
  Optional<Refusal> refusal(HttpServerRequest request, String key) {
    if (declaredLength(request) > bounds.bytes && !isStreamed(request)) {
      return Optional.of(tooLarge());
    }
    return mayAsk(key, System.nanoTime())
        ? Optional.empty()
        : Optional.of(
            new Refusal(
                429,
                "too-many-requests",
                "This key asks too often",
                "At most %d requests a second (egression.http.rate).".formatted(bounds.perSecond),
                false));
  }

  Refusal tooLarge() {
    return new Refusal(
        413,
        "too-large",
        "The body is too large",
        "At most " + bounds.bytes + " bytes (egression.http.max-body).",
        true);
  }

  private boolean mayAsk(String key, long now) {
    if (evenly.size() >= MANY) { // tokens come and go: a mark that is a second old is as none
      evenly.values().removeIf(mark -> mark.get() - now < -SECOND);
    }
    AtomicLong mark = evenly.computeIfAbsent(key, id -> new AtomicLong(now - SECOND));
    long step = SECOND / bounds.perSecond;
    while (true) {
      long last = mark.get();
      long from = last - now < -SECOND ? now - SECOND : last;
      if (from + step - now > 0) {
        return false;
      }
      if (mark.compareAndSet(last, from + step)) {
        return true;
      }
    }
  }

  /** Tells if the body is not there in time. */
  void watch(RoutingContext context, Runnable late) {
    HttpServerRequest request = context.request();
    if (request.isEnded() || !hasBody(request) || isStreamed(request)) {
      return;
    }
    long timer = context.vertx().setTimer(bounds.body.toMillis(), id -> late.run());
    context.addEndHandler(ended -> context.vertx().cancelTimer(timer));
    context.addBodyEndHandler(ended -> context.vertx().cancelTimer(timer));
  }

  /** Its reader sees to it that it keeps coming, line by line; it may be of any length. */
  private static boolean isStreamed(HttpServerRequest request) {
    String type = request.getHeader("Content-Type");
    return request.path().equals("/v1/batches")
        && type != null
        && type.toLowerCase(Locale.ROOT).startsWith("application/x-ndjson");
  }

  private static boolean hasBody(HttpServerRequest request) {
    return request.headers().contains("Transfer-Encoding") || declaredLength(request) > 0;
  }

  private static long declaredLength(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    return length != null && length.matches("\\d{1,18}") ? Long.parseLong(length) : 0;
  }
}
