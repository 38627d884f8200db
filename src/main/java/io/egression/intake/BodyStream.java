package io.egression.intake;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request's body as it comes: no more of it is taken from the connection than is read. A body
 * that breaks off, or stops coming, is an {@link IOException}. For one thread, which is not an
 * event loop's.
 */
final class BodyStream extends InputStream {
  private static final Logger LOG = LoggerFactory.getLogger(BodyStream.class);
  private static final Object END = new Object();
  private static final Duration LONGEST_REST = Duration.ofSeconds(30);

  private final HttpServerRequest request;
  private final Context context;
  private final Duration patience;
  private final BlockingQueue<Object> came = new LinkedBlockingQueue<>();
  private byte[] bytes = {};
  private int next;
  private boolean ended;

  /**
   * @param request paused
   * @param patience how long nothing may come
   */
  BodyStream(HttpServerRequest request, Duration patience) {
    this.request = request;
    this.context = Vertx.currentContext(); // the connection's, also on a worker's thread
    this.patience = patience;
    context.runOnContext(
        go ->
            request
                .handler(came::add)
                .endHandler(end -> came.add(END))
                .exceptionHandler(came::add));
  }

  @Override
  public int read() throws IOException {
    return isThere() ? bytes[next++] & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int from, int most) throws IOException {
    if (most == 0) {
      return 0;
    }
    if (!isThere()) {
      return -1;
    }
    int length = Math.min(most, bytes.length - next);
    System.arraycopy(bytes, next, into, from, length);
    next += length;
    return length;
  }

  private boolean isThere() throws IOException {
    while (next == bytes.length && !ended) {
      context.runOnContext(go -> request.fetch(1));
      take(poll());
    }
    return next < bytes.length;
  }

  private void take(@Nullable Object event) throws IOException {
    if (event == null) {
      throw new InterruptedIOException("nothing came for " + patience.toSeconds() + " s");
    }
    if (event instanceof Buffer buffer) {
      bytes = buffer.getBytes();
      next = 0;
    } else if (event instanceof Throwable fault) {
      throw new IOException("it broke off", fault);
    } else {
      ended = true;
    }
  }

  /** Passes over the rest, so that the other side, which is still sending, gets to the answer. */
  @Override
  public void close() {
    long end = System.nanoTime() + LONGEST_REST.toNanos();
    try {
      while (System.nanoTime() - end < 0 && isThere()) {
        next = bytes.length;
      }
    } catch (IOException e) {
      LOG.debug("a request's body is not read to its end: {}", e.getMessage());
    }
  }

  private @Nullable Object poll() throws InterruptedIOException {
    try {
      return came.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the hub stops");
    }
  }
}
