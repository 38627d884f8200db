package io.egression.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.intake.Problem;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.auth.User;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The one gate of the HTTP server: it stands before every route and lets through, without a key,
 * exactly the health check and the page's files, and nothing that merely looks like them.
 */
public final class Gate {
  /** Open to everyone. */
  public static final String HEALTH = "/health";

  /** Open to everyone. */
  public static final String LIVE = "/observe/health/live";

  /** Open to everyone. */
  public static final String READY = "/observe/health/ready";

  private static final String CHALLENGE = "Bearer realm=\"egression\"";

  /** On every answer; the page's files have a policy of their own. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Cache-Control", "no-store",
          "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
          "Referrer-Policy", "no-referrer",
          "X-Content-Type-Options", "nosniff");

  private static final int PATIENCE_MILLIS = 10_000;
  private static final int BEFORE_EVERYTHING = -1000;
  private static final int AFTER_EVERYTHING = Integer.MAX_VALUE;

  private final Callers callers;
  private final ObjectMapper json;
  private final RequestLimits limits;
  private final Set<String> open;

  /**
   * @param files further paths that are open to everyone
   */
  public Gate(Callers callers, ObjectMapper json, RequestLimits limits, Set<String> files) {
    this.open =
        Stream.concat(Stream.of(HEALTH, LIVE, READY), files.stream()).collect(Collectors.toSet());
    this.callers = callers;
    this.json = json;
    this.limits = limits;
  }

  /** Puts the gate before all other handlers and gives the server's own errors their documents. */
  public void guard(Router router) {
    // The server mounts this router below its own, whose error handlers are out of reach: so
    // failures and unmatched requests are answered here.
    router.route().order(BEFORE_EVERYTHING).handler(this::check).failureHandler(this::failed);
    router.route().order(AFTER_EVERYTHING).handler(context -> unmatched(context, router));
  }

  /**
   * Fails unless a gate stands at this address.
   *
   * @param tls trusts the certificate there, whatever name it is for; null: the JDK's own
   * @throws IllegalStateException saying what answered instead
   */
  public static void requireAt(URI address, @Nullable SSLContext tls) {
    try {
      HttpURLConnection request =
          (HttpURLConnection) address.resolve("/v1/jobs").toURL().openConnection(Proxy.NO_PROXY);
      if (request instanceof HttpsURLConnection https && tls != null) {
        https.setSSLSocketFactory(tls.getSocketFactory());
        https.setHostnameVerifier((host, session) -> true); // our own port
      }
      request.setConnectTimeout(PATIENCE_MILLIS);
      request.setReadTimeout(PATIENCE_MILLIS);
      int status = request.getResponseCode();
      if (status != 401 || !CHALLENGE.equals(request.getHeaderField("WWW-Authenticate"))) {
        throw new IllegalStateException(
            "a request without a key got " + status + " at " + address + ": no gate stands there");
      }
    } catch (IOException e) {
      throw new IllegalStateException("nothing is served at " + address + ": " + e, e);
    }
  }

  private void failed(RoutingContext context) {
    int status = context.statusCode();
    if (status == 413) {
      refuse(context, limits.tooLarge());
    } else if (status >= 400 && status < 500) {
      problem(context, status, "bad-request", "The request is not valid HTTP", null);
    } else {
      problem(context, 500, "internal", "The request failed", null);
    }
  }

  private void unmatched(RoutingContext context, Router router) {
    Set<String> allowed = new TreeSet<>();
    router.getRoutes().stream()
        .filter(route -> isAt(route, context.normalizedPath()))
        .forEach(route -> route.methods().stream().map(HttpMethod::name).forEach(allowed::add));
    if (allowed.isEmpty()) {
      problem(context, 404, "no-such-path", "There is nothing at this path", null);
    } else {
      context.response().putHeader("Allow", String.join(", ", allowed));
      problem(context, 405, "no-such-method", "This path does not have this method", null);
    }
  }

  /** The route's path is as Vert.x writes it: {@code /v1/jobs/:id}. */
  private static boolean isAt(Route route, String path) {
    return route.getPath() != null
        && route.methods() != null
        && path.matches(route.getPath().replaceAll(":[^/]+", "[^/]+") + "/?");
  }

  private void check(RoutingContext context) {
    HEADERS.forEach(context.response()::putHeader);
    if (open.contains(context.request().path())) {
      context.next();
      return;
    }
    Optional<RequestLimits.Refusal> refusal = limits.refusal(context.request());
    if (refusal.isPresent()) {
      refuse(context, refusal.get());
      return;
    }
    String authorization = context.request().getHeader("Authorization");
    if (!callers.mayWait(authorization)) {
      admit(context, callers.check(authorization));
      return;
    }
    context.request().pause(); // what comes meanwhile is for the handlers behind
    context
        .vertx()
        .executeBlocking(() -> callers.check(authorization), false)
        .onComplete(
            checked -> {
              context.request().resume();
              if (checked.succeeded()) {
                admit(context, checked.result());
              } else {
                context.fail(checked.cause());
              }
            });
  }

  @SuppressWarnings("deprecation") // Vert.x 4 has no other way to set the user
  private void admit(RoutingContext context, Optional<String> key) {
    if (key.isEmpty()) {
      context.response().putHeader("WWW-Authenticate", CHALLENGE);
      problem(context, 401, "unauthorized", "A key is needed", "Send Authorization: Bearer <key>.");
      return;
    }
    Optional<RequestLimits.Refusal> refusal = limits.refusal(context.request(), key.get());
    if (refusal.isPresent()) {
      refuse(context, refusal.get());
      return;
    }
    context.setUser(User.fromName(key.get())); // a request can't bring one of its own
    limits.watch(context, () -> late(context));
    context.next();
  }

  /** The body has not come in time, so an answer may not be read either. */
  private void late(RoutingContext context) {
    if (!context.request().isEnded()) {
      refuse(
          context,
          new RequestLimits.Refusal(408, "too-slow", "The body did not come in time", null, true));
      context.request().connection().close();
    }
  }

  private void refuse(RoutingContext context, RequestLimits.Refusal refusal) {
    if (context.response().headWritten()) {
      return;
    }
    if (refusal.close() && context.request().version() != HttpVersion.HTTP_2) {
      context.response().putHeader("Connection", "close");
    }
    if (refusal.status() == 429) {
      context.response().putHeader("Retry-After", "1");
    }
    problem(context, refusal.status(), refusal.name(), refusal.title(), refusal.detail());
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
