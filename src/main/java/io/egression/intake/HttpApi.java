package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Suggestion;
import io.egression.intake.JobIntake.Accepted;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.ledger.LedgerAwayException;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.vertx.ext.auth.User;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpConstants;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of intake; the bean {@code api} of the routes. What came in as headers does not go
 * on. Thread safe.
 */
public final class HttpApi {
  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);
  private static final Set<String> LIST_PARAMETERS =
      Set.of("subscription", "channel", "state", "object", "cursor", "limit");

  private final JobIntake intake;
  private final JobApi jobs;
  private final Function<String, Caller> callers;
  private final ObjectMapper json;

  /**
   * @param callers finds the caller by its key's id
   */
  public HttpApi(
      JobIntake intake, JobApi jobs, Function<String, Caller> callers, ObjectMapper json) {
    this.intake = intake;
    this.jobs = jobs;
    this.callers = callers;
    this.json = json;
  }

  /** POST /v1/jobs. */
  public void accept(Exchange exchange) {
    Message message = exchange.getMessage();
    query(message, Set.of());
    Caller caller = caller(message);
    requireProducer(caller);
    List<Accepted> accepted =
        intake.accept(
            jobs(message),
            header(message, "Idempotency-Key"),
            header(message, "traceparent"),
            caller);
    answer(exchange, 202, Map.of("jobs", accepted));
    if (accepted.size() == 1) {
      exchange.getMessage().setHeader("Location", accepted.get(0).location());
    }
  }

  private static byte[] jobs(Message message) {
    byte[] given = message.getBody(byte[].class);
    byte[] body = given == null ? new byte[0] : given;
    Optional<byte[]> ofEvents = HttpEvents.jobs(message, body);
    if (ofEvents.isEmpty()) {
      requireJson(header(message, Exchange.CONTENT_TYPE));
    }
    return ofEvents.orElse(body);
  }

  static void requireProducer(Caller caller) {
    if (caller.role() == Caller.Role.VIEWER) {
      throw new ProblemException(
          Problem.of(
              403, "forbidden", "This key may not hand over jobs", "A viewer's key only asks."));
    }
  }

  private static void requireJson(@Nullable String type) {
    if (type == null || !isJson(type, "application/json")) {
      throw new ProblemException(
          Problem.of(
              415,
              "unsupported-media-type",
              "The content type is not supported",
              "Send application/json, or a CloudEvent, in UTF-8."));
    }
  }

  /** Whether it is this media type, in UTF-8. */
  static boolean isJson(String type, String mediaType) {
    String[] parts = type.toLowerCase(Locale.ROOT).replaceAll("[\\s\"]", "").split(";");
    return parts.length > 0
        && parts[0].equals(mediaType)
        && Stream.of(parts)
            .noneMatch(part -> part.startsWith("charset=") && !part.equals("charset=utf-8"));
  }

  /** GET /v1/jobs/{id}. */
  public void job(Exchange exchange) {
    Message message = exchange.getMessage();
    query(message, Set.of());
    answer(exchange, 200, jobs.find(pathParameter(message, "id"), caller(message)));
  }

  /** GET /v1/jobs. */
  public void list(Exchange exchange) {
    Message message = exchange.getMessage();
    Map<String, String> query = query(message, LIST_PARAMETERS);
    JobApi.ListQuery listed =
        new JobApi.ListQuery(
            query.get("subscription"),
            query.get("channel"),
            query.get("state"),
            query.get("object"),
            query.get("cursor"),
            query.get("limit"));
    answer(exchange, 200, jobs.list(listed, caller(message)));
  }

  /** An answer to be given. */
  public record Reply(int status, Object body) {}

  /** Answers with what the work yields, or with a problem document, whatever the route does. */
  public void respond(Exchange exchange, Function<Caller, Reply> work) {
    respondWith(
        exchange,
        caller -> {
          Reply reply = work.apply(caller);
          answer(exchange, reply.status, reply.body);
        });
  }

  /** As {@link #respond}, for work that puts its answer into the exchange itself. */
  void respondWith(Exchange exchange, Consumer<Caller> work) {
    try {
      work.accept(caller(exchange.getMessage()));
    } catch (RuntimeException e) {
      exchange.setProperty(Exchange.EXCEPTION_CAUGHT, e);
      problem(exchange);
    }
  }

  /** Answers what a route could not: a problem document, without a word of the inside. */
  public void problem(Exchange exchange) {
    Throwable fault = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    ProblemException problem =
        fault instanceof ProblemException known
            ? known
            : fault instanceof LedgerAwayException away
                ? JobIntake.away(away.unknown())
                : unexpected(exchange, fault);
    answer(exchange, problem.problem().status(), problem.problem());
    Message message = exchange.getMessage();
    message.setHeader(Exchange.CONTENT_TYPE, Problem.MEDIA_TYPE);
    if (problem.retryAfterSeconds() > 0) {
      message.setHeader("Retry-After", problem.retryAfterSeconds());
    }
  }

  private static ProblemException unexpected(Exchange exchange, Throwable fault) {
    LOG.error("request {} failed", exchange.getExchangeId(), fault);
    return new ProblemException(
        Problem.of(
            500,
            "internal",
            "The request failed",
            "The hub's log has the reason under " + exchange.getExchangeId() + "."));
  }

  /**
   * The gate has checked the key and set the user: headers of this name don't come from outside.
   */
  private Caller caller(Message message) {
    User user = message.getHeader(VertxPlatformHttpConstants.AUTHENTICATED_USER, User.class);
    return callers.apply(user.principal().getString("username"));
  }

  /**
   * The request's query; Camel mixes it into the headers, where it could not be told from them.
   *
   * @throws ProblemException naming every parameter that is unknown or given twice
   */
  public static Map<String, String> query(Message message, Set<String> known) {
    String raw = message.getHeader(Exchange.HTTP_RAW_QUERY, "", String.class);
    Map<String, String> query = new HashMap<>();
    List<FieldFault> faults = new ArrayList<>();
    new QueryStringDecoder(raw, false)
        .parameters()
        .forEach(
            (name, values) -> {
              query.put(name, values.get(0));
              if (!known.contains(name)) {
                faults.add(FieldFault.ofParameter(name, "is unknown" + suggestion(name, known)));
              } else if (values.size() > 1) {
                faults.add(FieldFault.ofParameter(name, "is given twice"));
              }
            });
    JobApi.requireNone(faults);
    return query;
  }

  private static String suggestion(String name, Set<String> known) {
    return known.isEmpty() ? "" : "; " + Suggestion.forWord(name, known);
  }

  /** Camel appends it to a header of the same name. */
  public static String pathParameter(Message message, String name) {
    Object value = message.getHeader(name);
    return String.valueOf(value instanceof List<?> all ? all.get(all.size() - 1) : value);
  }

  static @Nullable String header(Message message, String name) {
    Object value = message.getHeader(name);
    return value instanceof List<?> several ? String.valueOf(several.get(0)) : (String) value;
  }

  private void answer(Exchange exchange, int status, Object body) {
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    try {
      message.setBody(json.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    message.setHeader(Exchange.HTTP_RESPONSE_CODE, status);
    message.setHeader(Exchange.CONTENT_TYPE, "application/json");
  }
}
