package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/**
 * CloudEvents in a request, as the jobs that POST /v1/jobs takes (HTTP protocol binding 1.0.2):
 * structured, batched or binary mode.
 */
final class HttpEvents {
  private static final String BATCH = "application/cloudevents-batch+json";
  private static final String HEADER = "ce-";

  private HttpEvents() {}

  /**
   * The jobs as JSON, each with its event's idempotency key; empty if the request holds no
   * CloudEvent.
   *
   * @throws ProblemException if an event is not a job
   */
  static Optional<byte[]> jobs(Message message, byte[] body) {
    String type = HttpApi.header(message, Exchange.CONTENT_TYPE);
    if (type != null && HttpApi.isJson(type, CloudEvent.MEDIA_TYPE)) {
      return Optional.of(bytes(job(CloudEvent.structured(body))));
    }
    if (type != null && HttpApi.isJson(type, BATCH)) {
      return Optional.of(bytes(batch(JsonBody.read(body))));
    }
    Map<String, String> attributes = attributes(message);
    return attributes.containsKey("specversion")
        ? Optional.of(bytes(job(new CloudEvent(attributes))))
        : Optional.empty();
  }

  private static ObjectNode job(CloudEvent event) {
    return event.job().put("idempotencyKey", event.idempotencyKey());
  }

  private static JsonNode batch(JsonNode events) {
    List<FieldFault> faults = new ArrayList<>();
    if (!events.isArray()) {
      faults.add(new FieldFault("", "must be an array: a batch of CloudEvents"));
    }
    ArrayNode jobs = JsonNodeFactory.instance.arrayNode();
    for (JsonNode each : events) {
      CloudEvent event = CloudEvent.structured(each);
      String pointer = "/" + jobs.size();
      jobs.add(event.job(pointer, faults).put("idempotencyKey", event.idempotencyKey()));
    }
    CloudEvent.requireNone(faults);
    return jobs;
  }

  private static Map<String, String> attributes(Message message) {
    Map<String, String> attributes = new TreeMap<>();
    for (String name : message.getHeaders().keySet()) {
      String lower = name.toLowerCase(Locale.ROOT);
      if (lower.startsWith(HEADER)) {
        String value = HttpApi.header(message, name);
        attributes.put(lower.substring(HEADER.length()), value == null ? "" : decoded(name, value));
      }
    }
    return attributes;
  }

  /** Values are percent-encoded; a plus is a plus. */
  private static String decoded(String name, String value) {
    try {
      return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          Problem.of(
              400,
              "malformed-header",
              "A header is not percent-encoded",
              name + ": a '%' must be followed by two hexadecimal digits."));
    }
  }

  private static byte[] bytes(JsonNode jobs) {
    return jobs.toString().getBytes(StandardCharsets.UTF_8);
  }
}
