package io.egression.intake;

import java.util.Set;
import java.util.function.BiFunction;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** The HTTP side of batches; the bean {@code batches} of the routes. Thread safe. */
public final class BatchHttp {
  private final BatchApi batches;
  private final HttpApi http;

  public BatchHttp(BatchApi batches, HttpApi http) {
    this.batches = batches;
    this.http = http;
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
