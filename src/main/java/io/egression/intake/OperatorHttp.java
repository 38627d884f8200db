package io.egression.intake;

import io.egression.ledger.Replay;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** The HTTP side of an operator's word; the bean {@code operator} of the routes. Thread safe. */
public final class OperatorHttp {
  private final OperatorApi operator;
  private final HttpApi http;

  public OperatorHttp(OperatorApi operator, HttpApi http) {
    this.operator = operator;
    this.http = http;
  }

  /** POST /v1/jobs/{id}/cancel. */
  public void cancel(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          int status = operator.cancel(path(exchange, "id"), caller);
          return new HttpApi.Reply(status, result(status == 202 ? "asked" : "cancelled"));
        });
  }

  /** POST /v1/jobs/{id}/replay. */
  public void replay(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          operator.replay(path(exchange, "id"), caller);
          return new HttpApi.Reply(202, result("replayed"));
        });
  }

  /** POST /v1/jobs/{id}/discard. */
  public void discard(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          operator.discard(path(exchange, "id"), caller);
          return new HttpApi.Reply(200, result("discarded"));
        });
  }

  /** POST /v1/replays. */
  public void replayMany(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          byte[] body = exchange.getMessage().getBody(byte[].class);
          var id = operator.many(body == null ? new byte[0] : body, false, caller);
          return new HttpApi.Reply(202, Map.of("id", id, "location", "/v1/replays/" + id));
        });
  }

  /** POST /v1/discards. */
  public void discardMany(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          byte[] body = exchange.getMessage().getBody(byte[].class);
          var id = operator.many(body == null ? new byte[0] : body, true, caller);
          return new HttpApi.Reply(202, Map.of("id", id, "location", "/v1/discards/" + id));
        });
  }

  /** GET /v1/discards/{id}. */
  public void discardProgress(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          Replay.Progress progress = operator.progress(path(exchange, "id"), true, caller);
          return new HttpApi.Reply(
              200, Map.of("discarded", progress.replayed(), "finished", progress.finished()));
        });
  }

  /** GET /v1/replays/{id}. */
  public void progress(Exchange exchange) {
    http.respond(
        exchange,
        caller -> new HttpApi.Reply(200, operator.progress(path(exchange, "id"), false, caller)));
  }

  /** GET /v1/accounts. */
  public void accounts(Exchange exchange) {
    http.respond(
        exchange, caller -> new HttpApi.Reply(200, Map.of("accounts", operator.accounts(caller))));
  }

  /** POST /v1/accounts/{subscription}/{channel}/pause. */
  public void pauseAccount(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          operator.pauseAccount(path(exchange, "subscription"), path(exchange, "channel"), caller);
          return new HttpApi.Reply(200, result("paused"));
        });
  }

  /** POST /v1/accounts/{subscription}/{channel}/resume. */
  public void resumeAccount(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          operator.resumeAccount(path(exchange, "subscription"), path(exchange, "channel"), caller);
          return new HttpApi.Reply(200, result("resumed"));
        });
  }

  /** POST /v1/connectors/{connector}/pause. */
  public void pauseConnector(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          operator.pauseConnector(path(exchange, "connector"), caller);
          return new HttpApi.Reply(200, result("paused"));
        });
  }

  /** POST /v1/connectors/{connector}/resume. */
  public void resumeConnector(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          operator.resumeConnector(path(exchange, "connector"), caller);
          return new HttpApi.Reply(200, result("resumed"));
        });
  }

  private static Map<String, String> result(String what) {
    return Map.of("result", what);
  }

  private static String path(Exchange exchange, String name) {
    Message message = exchange.getMessage();
    return message.getHeader(name, "", String.class);
  }
}
