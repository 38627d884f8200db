package io.egression.intake;

import io.egression.intake.Problem.ProblemException;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** The HTTP side of batches; the bean {@code batches} of the routes. Thread safe. */
public final class BatchHttp {
  /** Each keeps a thread of the HTTP server. */
  private static final int STREAMS = 4;

  private static final int RETRY_SECONDS = 5;

  private final BatchApi batches;
  private final HttpApi http;
  private final Duration patience;
  private final Semaphore streams = new Semaphore(STREAMS);

  /**
   * @param patience how long nothing may come of a streamed body
   */
  public BatchHttp(BatchApi batches, HttpApi http, Duration patience) {
    this.batches = batches;
    this.http = http;
    this.patience = patience;
  }

  /** POST /v1/batches. */
  public void make(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          Message message = exchange.getMessage();
          HttpApi.query(message, Set.of());
          HttpApi.requireProducer(caller);
          return new HttpApi.Reply(
              201,
              batches.make(
                  body(exchange),
                  HttpApi.header(message, "Idempotency-Key"),
                  HttpApi.header(message, "traceparent"),
                  caller));
        });
  }

  /** POST /v1/batches, as NDJSON. */
  public void stream(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          Message message = exchange.getMessage();
          HttpApi.query(message, Set.of());
          HttpApi.requireProducer(caller);
          if (!streams.tryAcquire()) {
            throw new ProblemException(
                Problem.of(
                    503, "busy", "Other batches are being streamed", "At most " + STREAMS + "."),
                RETRY_SECONDS);
          }
          try (BodyStream body =
              new BodyStream(message.getBody(HttpServerRequest.class), patience)) {
            return new HttpApi.Reply(
                201,
                batches.stream(
                    new JsonLines(body),
                    HttpApi.header(message, "Idempotency-Key"),
                    HttpApi.header(message, "traceparent"),
                    caller));
          } finally {
            streams.release();
          }
        });
  }

  /** GET /v1/batches. */
  public void list(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          HttpApi.query(exchange.getMessage(), Set.of());
          return new HttpApi.Reply(200, batches.list(caller));
        });
  }

  /** GET /v1/batches/{id}. */
  public void find(Exchange exchange) {
    one(exchange, batches::find);
  }

  /** POST /v1/batches/{id}/seal. */
  public void seal(Exchange exchange) {
    one(
        exchange,
        (id, caller) -> {
          HttpApi.requireProducer(caller);
          return batches.seal(id, caller);
        });
  }

  /** POST /v1/batches/{id}/close. */
  public void close(Exchange exchange) {
    one(
        exchange,
        (id, caller) -> {
          HttpApi.requireProducer(caller);
          return batches.close(id, body(exchange), caller);
        });
  }

  /** POST /v1/batches/{id}/release. */
  public void release(Exchange exchange) {
    one(exchange, (id, caller) -> batches.release(id, body(exchange), caller));
  }

  /** POST /v1/batches/{id}/cancel. */
  public void cancel(Exchange exchange) {
    one(exchange, batches::cancel);
  }

  private void one(Exchange exchange, BiFunction<String, Caller, BatchApi.View> work) {
    http.respond(
        exchange,
        caller -> {
          Message message = exchange.getMessage();
          HttpApi.query(message, Set.of());
          return new HttpApi.Reply(200, work.apply(HttpApi.pathParameter(message, "id"), caller));
        });
  }

  private static byte[] body(Exchange exchange) {
    byte[] body = exchange.getMessage().getBody(byte[].class);
    return body == null ? new byte[0] : body;
  }
}
