package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.intake.Problem.ProblemException;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A message as the jobs that it hands over: JSON as text or bytes, a map of a job's fields, or a
 * CloudEvent in binary or structured mode.
 *
 * @param body JSON, as POST /v1/jobs takes it
 * @param key of the message: the same one twice is one job; null: it has none
 */
record JmsJob(byte[] body, @Nullable String key, @Nullable String traceparent) {
  static final String CONTENT_TYPE = "content_type";
  static final String AMQP_CONTENT_TYPE = "JMS_AMQP_ContentType";
  private static final List<String> EVENT_PREFIXES = List.of("ce_", "cloudEvents_", "cloudEvents:");

  /** Longer is no use as an idempotency key. */
  private static final int MOST_ID = JobIntake.KEY - 4;

  /**
   * @param most bytes of a message
   * @throws ProblemException if it is none of these
   */
  static JmsJob of(Message message, int most) throws JMSException {
    String traceparent = message.getStringProperty("traceparent");
    CloudEvent event = event(message, most);
    if (event != null) {
      return new JmsJob(
          completed(event.job().toString().getBytes(StandardCharsets.UTF_8), message),
          event.idempotencyKey(),
          traceparent);
    }
    byte[] body = message instanceof MapMessage map ? fields(map) : content(message, most);
    return new JmsJob(completed(body, message), key(message), traceparent);
  }

  private static @Nullable String key(Message message) throws JMSException {
    String id = id(message);
    return id == null || id.length() > MOST_ID ? null : "jms/" + id;
  }

  /**
   * The message's id; of one that came over AMQP what its sender wrote there, if anything: the
   * broker makes an id of its own from it, a new one each time.
   */
  static @Nullable String id(Message message) throws JMSException {
    String amqp = message.getStringProperty("NATIVE_MESSAGE_ID");
    return amqp != null || isAmqp(message) ? amqp : message.getJMSMessageID();
  }

  /**
   * Whether the broker may have made the message from one that came over AMQP: then it notes the
   * encoding, or at least the id that the sender gave (of an AMQP value that is no text, list or
   * map it does not note the encoding). One without an id is not told from these: over STOMP and
   * MQTT it never has one, over CORE the sender has to ask for that.
   */
  static boolean isAmqp(Message message) throws JMSException {
    return message.propertyExists("JMS_AMQP_ORIGINAL_ENCODING")
        || message.propertyExists("NATIVE_MESSAGE_ID")
        || message.getJMSMessageID() == null;
  }

  private static @Nullable CloudEvent event(Message message, int most) throws JMSException {
    String type = message.getStringProperty(AMQP_CONTENT_TYPE);
    if (type == null) {
      type = message.getStringProperty(CONTENT_TYPE);
    }
    if (type != null && type.startsWith(CloudEvent.MEDIA_TYPE)) {
      return CloudEvent.structured(content(message, most));
    }
    Map<String, String> attributes = new TreeMap<>();
    for (String property : names(message.getPropertyNames())) {
      for (String prefix : EVENT_PREFIXES) {
        if (property.startsWith(prefix)) {
          attributes.put(property.substring(prefix.length()), message.getStringProperty(property));
        }
      }
    }
    return attributes.containsKey("id") ? new CloudEvent(attributes) : null;
  }

  private static byte[] content(Message message, int most) throws JMSException {
    if (message instanceof TextMessage text) {
      String content = text.getText() == null ? "" : text.getText();
      require(content.length() <= most, most);
      return content.getBytes(StandardCharsets.UTF_8);
    }
    if (message instanceof BytesMessage bytes) {
      require(bytes.getBodyLength() <= most, most);
      byte[] content = new byte[(int) bytes.getBodyLength()];
      bytes.readBytes(content);
      return content;
    }
    throw new ProblemException(
        Problem.of(
            415,
            "unsupported-message",
            "The message is not understood",
            "Send a text, bytes or map message."));
  }

  private static void require(boolean small, int most) {
    if (!small) {
      throw new ProblemException(
          Problem.of(
              413,
              "too-large",
              "The message is too large",
              "At most " + most + " bytes (egression.http.max-body)."));
    }
  }

  /** A map has no lists: ids are one id, or a JSON array as a text. */
  private static byte[] fields(MapMessage map) throws JMSException {
    ObjectNode job = JsonNodeFactory.instance.objectNode();
    for (String name : names(map.getMapNames())) {
      Object value = map.getObject(name);
      if (name.equals("objectIds") && value instanceof String ids) {
        job.set(
            name,
            ids.startsWith("[") ? JsonBody.read(ids.getBytes(StandardCharsets.UTF_8)) : one(ids));
      } else if (value instanceof Integer number) {
        job.put(name, number);
      } else {
        job.put(name, String.valueOf(value));
      }
    }
    return job.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static ArrayNode one(String id) {
    return JsonNodeFactory.instance.arrayNode().add(id);
  }

  /** The message's group is the partition key, and its correlation id that, of jobs without. */
  private static byte[] completed(byte[] body, Message message) throws JMSException {
    Map<String, String> missing = new TreeMap<>();
    putIfGiven(missing, "partitionKey", message.getStringProperty("JMSXGroupID"));
    putIfGiven(missing, "correlationId", message.getJMSCorrelationID());
    if (missing.isEmpty()) {
      return body;
    }
    JsonNode jobs = JsonBody.read(body);
    (jobs.isArray() ? jobs : List.of(jobs))
        .forEach(
            each -> {
              if (each instanceof ObjectNode job) {
                missing.keySet().stream()
                    .filter(field -> !job.hasNonNull(field))
                    .forEach(field -> job.put(field, missing.get(field)));
              }
            });
    return jobs.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void putIfGiven(Map<String, String> fields, String field, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      fields.put(field, value);
    }
  }

  /** JMS gives names without their type. */
  static List<String> names(Enumeration<?> names) {
    List<String> all = new ArrayList<>();
    while (names.hasMoreElements()) {
      all.add(String.valueOf(names.nextElement()));
    }
    return all;
  }
}
