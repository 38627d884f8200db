package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A CloudEvent (specification 1.0) as a job: the last word of its type says what happened, the one
 * before it, or the subject's first part, the object type; the subject ends in the object's id. Its
 * data is not looked at, for the object is fetched when it is delivered.
 */
final class CloudEvent {
  /** Of structured mode. */
  static final String MEDIA_TYPE = "application/cloudevents+json";

  private static final String VERSION = "1.0";
  private static final List<String> REQUIRED = List.of("id", "source", "type", "subject");

  /** Extension attributes, whose names have lower-case letters only, and the job's fields. */
  private static final Map<String, String> FIELDS =
      Map.of(
          "subscription", "subscription",
          "channel", "channel",
          "correlationid", "correlationId");

  private static final Map<String, String> ACTIONS =
      Map.of(
          "create", "create",
          "created", "create",
          "update", "update",
          "updated", "update",
          "changed", "update",
          "delete", "delete",
          "deleted", "delete");

  private final Map<String, String> attributes;

  /**
   * @param attributes by their names in the specification
   */
  CloudEvent(Map<String, String> attributes) {
    this.attributes = new TreeMap<>(attributes);
  }

  /**
   * From structured mode.
   *
   * @throws ProblemException if it is no JSON object
   */
  static CloudEvent structured(byte[] body) {
    return structured(JsonBody.read(body));
  }

  /** From structured mode, or one of a batch. */
  static CloudEvent structured(JsonNode event) {
    Map<String, String> attributes = new TreeMap<>();
    event
        .properties()
        .forEach(
            each -> {
              if (each.getValue().isValueNode()) {
                attributes.put(each.getKey(), each.getValue().asText());
              }
            });
    return new CloudEvent(attributes);
  }

  /** The same event is one job. */
  String idempotencyKey() {
    String key = "ce/" + attributes.get("source") + "/" + attributes.get("id");
    return key.length() <= JobIntake.KEY
        ? key
        : "ce/"
            + HexFormat.of().formatHex(RequestReader.sha256(key.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The job.
   *
   * @throws ProblemException naming every attribute that is missing or not right
   */
  ObjectNode job() {
    List<FieldFault> faults = new ArrayList<>();
    ObjectNode job = job("", faults);
    requireNone(faults);
    return job;
  }

  /**
   * @throws ProblemException if there is a fault
   */
  static void requireNone(List<FieldFault> faults) {
    if (!faults.isEmpty()) {
      throw new ProblemException(
          new Problem(
              "urn:egression:problem:invalid-event",
              "The CloudEvent is not a job",
              422,
              "Nothing was accepted.",
              faults));
    }
  }

  /**
   * The job, of no use if a fault was found.
   *
   * @param pointer where the event stands in the document
   * @param faults takes what is missing or not right
   */
  ObjectNode job(String pointer, List<FieldFault> faults) {
    REQUIRED.forEach(
        name -> {
          if (attributes.getOrDefault(name, "").isEmpty()) {
            faults.add(new FieldFault(pointer + "/" + name, "is missing"));
          }
        });
    if (!attributes.getOrDefault("specversion", VERSION).equals(VERSION)) {
      faults.add(new FieldFault(pointer + "/specversion", "must be " + VERSION));
    }
    String[] type = attributes.getOrDefault("type", "").split("\\.");
    String subject = attributes.getOrDefault("subject", "");
    String action = ACTIONS.get(type[type.length - 1].toLowerCase(Locale.ROOT));
    if (action == null && attributes.containsKey("type")) {
      faults.add(new FieldFault(pointer + "/type", "must end in .created, .updated or .deleted"));
    }
    int slash = subject.indexOf('/');
    String objectType = slash > 0 ? subject.substring(0, slash) : before(type);
    if (objectType == null && attributes.containsKey("subject")) {
      faults.add(
          new FieldFault(pointer + "/subject", "must be <object type>/<object id>: product/123"));
    }
    ObjectNode job = JsonNodeFactory.instance.objectNode();
    job.put("source", jobSource()).put("action", action).put("objectType", objectType);
    job.putArray("objectIds").add(slash > 0 ? subject.substring(slash + 1) : subject);
    FIELDS.forEach(
        (name, field) -> {
          if (attributes.containsKey(name)) {
            job.put(field, attributes.get(name));
          }
        });
    return job;
  }

  private static @Nullable String before(String[] type) {
    return type.length < 2 ? null : type[type.length - 2];
  }

  /** A URI's characters that a job's source has not are left out. */
  private String jobSource() {
    String source = attributes.getOrDefault("source", "").replaceAll("[^A-Za-z0-9._-]+", "-");
    String word = source.replaceAll("^[^A-Za-z0-9]+", "");
    return word.isEmpty() ? "event" : word.substring(0, Math.min(word.length(), 100));
  }
}
