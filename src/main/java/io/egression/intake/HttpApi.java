package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.intake.JobIntake.Accepted;
import io.egression.intake.Problem.ProblemException;
import io.egression.ledger.LedgerAwayException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of intake; the bean {@code api} of the routes. What came in as headers does not go
 * on. Thread safe.
 */
public final class HttpApi {
  /** Set by the gate after it has checked the key; whatever a client sent under it is removed. */
  public static final String KEY_HEADER = "Egression-Key-Id";

  private static final Logger LOG = LoggerFactory.getLogger(HttpApi.class);

  private final JobIntake intake;
  private final JobApi jobs;
  private final Function<String, Caller> callers;
  private final ObjectMapper json;

  /**
   * @param callers finds the caller by the id that the gate has set
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
    String type = message.getHeader(Exchange.CONTENT_TYPE, "", String.class);
    if (!type.replaceFirst(";.*", "").strip().equalsIgnoreCase("application/json")) {
      throw new ProblemException(
          Problem.of(
              415,
              "unsupported-media-type",
              "The content type is not supported",
              "Send application/json."));
    }
    byte[] body = message.getBody(byte[].class);
    List<Accepted> accepted =
        intake.accept(
            body == null ? new byte[0] : body,
            header(message, "Idempotency-Key"),
            header(message, "traceparent"),
            caller(message));
    answer(exchange, 202, Map.of("jobs", accepted));
    if (accepted.size() == 1) {
      exchange.getMessage().setHeader("Location", accepted.get(0).location());
    }
  }

  /** GET /v1/jobs/{id}. */
  public void job(Exchange exchange) {
    Message message = exchange.getMessage();
    String id = Objects.requireNonNullElse(header(message, "id"), "");
    answer(exchange, 200, jobs.find(id, caller(message)));
  }

  /** GET /v1/jobs. */
  public void list(Exchange exchange) {
    Message message = exchange.getMessage();
    JobApi.ListQuery query =
        new JobApi.ListQuery(
            header(message, "subscription"),
            header(message, "channel"),
            header(message, "state"),
            header(message, "object"),
            header(message, "cursor"),
            header(message, "limit"));
    answer(exchange, 200, jobs.list(query, caller(message)));
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

  private Caller caller(Message message) {
    return callers.apply(message.getHeader(KEY_HEADER, "", String.class));
  }

  private static @Nullable String header(Message message, String name) {
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
