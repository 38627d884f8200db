package io.egression.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.intake.HttpApi;
import io.egression.intake.Problem;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The one gate of the HTTP server: it stands before every route and lets through, without a key,
 * exactly the health check and nothing that merely looks like it.
 */
public final class Gate {
  /** Open to everyone. */
  public static final String HEALTH = "/health";

  private static final int BEFORE_EVERYTHING = -1000;

  private final AccessKeys keys;
  private final ObjectMapper json;
  private final long mostBytes;

  /**
   * @param mostBytes the largest request body
   */
  public Gate(AccessKeys keys, ObjectMapper json, long mostBytes) {
    this.keys = keys;
    this.json = json;
    this.mostBytes = mostBytes;
  }

  /** Puts the gate before all other handlers and gives the server's own errors their documents. */
  public void guard(Router router) {
    router.route().order(BEFORE_EVERYTHING).handler(this::check);
    router.errorHandler(
        400,
        context -> problem(context, 400, "bad-request", "The request is not valid HTTP", null));
    router.errorHandler(
        404,
        context -> problem(context, 404, "no-such-path", "There is nothing at this path", null));
    router.errorHandler(
        405,
        context ->
            problem(context, 405, "no-such-method", "This path does not have this method", null));
    router.errorHandler(413, this::tooLarge);
    router.errorHandler(
        500, context -> problem(context, 500, "internal", "The request failed", null));
  }

  private void check(RoutingContext context) {
    context.request().headers().remove(HttpApi.KEY_HEADER);
    if (context.request().path().equals(HEALTH)) {
      context.next();
      return;
    }
    Optional<String> key = keys.check(context.request().getHeader("Authorization"));
    if (key.isEmpty()) {
      context.response().putHeader("WWW-Authenticate", "Bearer realm=\"egression\"");
      problem(context, 401, "unauthorized", "A key is needed", "Send Authorization: Bearer <key>.");
    } else if (declaredLength(context) > mostBytes) {
      tooLarge(context);
    } else {
      context.request().headers().set(HttpApi.KEY_HEADER, key.get());
      context.next();
    }
  }

  private static long declaredLength(RoutingContext context) {
    String length = context.request().getHeader("Content-Length");
    return length != null && length.matches("\\d{1,18}") ? Long.parseLong(length) : 0;
  }

  private void tooLarge(RoutingContext context) {
    context.response().putHeader("Connection", "close");
    problem(
        context,
        413,
        "too-large",
        "The body is too large",
        "At most " + mostBytes + " bytes (egression.http.max-body).");
  }

  private void problem(
      RoutingContext context, int status, String name, String title, @Nullable String detail) {
    HttpServerResponse response = context.response();
    if (response.ended()) {
      return;
    }
    response.setStatusCode(status).putHeader("Content-Type", Problem.MEDIA_TYPE);
    try {
      response.end(json.writeValueAsString(Problem.of(status, name, title, detail)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
