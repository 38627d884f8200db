package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.connector.Suggestion;
import io.egression.intake.Problem.FieldFault;
import io.egression.job.Action;
import io.egression.job.ObjectRef;
import io.egression.job.Submission;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads one submission from JSON and reports every field that is not right. */
final class SubmissionReader {
  private static final int NAME = 100;
  private static final int KEY = 200;
  private static final int OBJECT_ID = 500;
  private static final int OBJECTS = 1000;

  /** With more faults than this, unknown names are not compared with known ones any more. */
  private static final int MANY_FAULTS = 100;

  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
  private static final Pattern YEARS = Pattern.compile("(?!9999)(19[7-9]|[2-9]\\d\\d)\\d-");
  private static final Set<String> FIELDS =
      Set.of(
          "subscription",
          "source",
          "channel",
          "action",
          "objectType",
          "objectIds",
          "notBefore",
          "partitionKey",
          "idempotencyKey",
          "priority",
          "batch",
          "after",
          "correlationId");

  /** As JMS and CloudEvents may make them; it is only handed on. */
  private static final int CORRELATION = 1000;

  /** The most objects that one job waits for. */
  private static final int AFTER = 100;

  private final JsonNode json;
  private final String pointer;
  private final List<FieldFault> faults;

  /**
   * @param pointer where the submission stands in the document
   * @param faults takes what is not right
   */
  SubmissionReader(JsonNode json, String pointer, List<FieldFault> faults) {
    this.json = json;
    this.pointer = pointer;
    this.faults = faults;
  }

  /** The submission, or empty if a fault was found. */
  Optional<Submission> read() {
    if (!json.isObject()) {
      faults.add(new FieldFault(pointer, "must be an object: a job"));
      return Optional.empty();
    }
    int before = faults.size();
    json.fieldNames()
        .forEachRemaining(
            name -> {
              if (!FIELDS.contains(name)) {
                fault(name, "is unknown" + suggestion(name));
              }
            });
    String subscription = word("subscription", true);
    String source = word("source", true);
    String channel = word("channel", false);
    Action action = action();
    String objectType = word("objectType", true);
    List<String> objectIds = objectIds();
    Instant notBefore = notBefore();
    String partitionKey = text("partitionKey", false, KEY);
    String idempotencyKey = text("idempotencyKey", false, KEY);
    int priority = priority();
    UUID batch = batch();
    List<ObjectRef> after = after(batch);
    String correlationId = text("correlationId", false, CORRELATION);
    if (faults.size() > before) {
      return Optional.empty();
    }
    return Optional.of(
        new Submission(
            subscription,
            source,
            channel,
            action,
            objectType,
            objectIds,
            notBefore,
            partitionKey,
            idempotencyKey,
            priority,
            batch,
            after,
            correlationId));
  }

  private List<ObjectRef> after(@Nullable UUID batch) {
    JsonNode named = json.path("after");
    if (named.isMissingNode()) {
      return List.of();
    }
    List<ObjectRef> after = new ArrayList<>();
    for (JsonNode each : named) {
      ObjectRef.of(each.isTextual() ? each.asText() : "").ifPresent(after::add);
    }
    if (!named.isArray() || after.size() < named.size() || after.size() > AFTER) {
      fault("after", "must be an array of at most %d objects, \"type/id\"".formatted(AFTER));
    } else if (batch == null) {
      fault("after", "is for the jobs of a batch");
    }
    return after;
  }

  private @Nullable UUID batch() {
    String text = text("batch", false, KEY);
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      fault("batch", "must be the id of a batch");
      return null;
    }
  }

  private String suggestion(String name) {
    return faults.size() < MANY_FAULTS ? "; " + Suggestion.forWord(name, FIELDS) : "";
  }

  private void fault(String field, String detail) {
    faults.add(new FieldFault(pointer + "/" + field.replace("~", "~0").replace("/", "~1"), detail));
  }

  private String word(String field, boolean required) {
    int before = faults.size();
    String text = text(field, required, NAME);
    if (text != null && faults.size() == before && !WORD.matcher(text).matches()) {
      fault(field, "must consist of letters, digits, '.', '_' and '-'");
    }
    return text;
  }

  /** Null where the field is absent or faulty: the caller looks at the faults. */
  private @Nullable String textOrNull(String field, boolean required, int longest) {
    JsonNode node = json.get(field);
    if (node == null || (node.isNull() && !required)) {
      if (required) {
        fault(field, "is missing");
      }
      return null;
    }
    if (!node.isTextual()) {
      fault(field, "must be a string");
      return null;
    }
    checkText(pointer + "/" + field, node.asText(), longest);
    return node.asText();
  }

  @SuppressWarnings("NullAway") // faults are looked at before the value is used
  private String text(String field, boolean required, int longest) {
    return textOrNull(field, required, longest);
  }

  private void checkText(String at, String text, int longest) {
    if (text.isEmpty()) {
      faults.add(new FieldFault(at, "must not be empty"));
    } else if (text.codePointCount(0, text.length()) > longest) {
      faults.add(new FieldFault(at, "must have at most " + longest + " characters"));
    } else if (text.codePoints().anyMatch(SubmissionReader::isForbidden)) {
      faults.add(
          new FieldFault(at, "must not contain control characters or broken Unicode surrogates"));
    }
  }

  private static boolean isForbidden(int codePoint) {
    return Character.isISOControl(codePoint)
        || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE);
  }

  private Action action() {
    String word = text("action", true, NAME);
    Optional<Action> action = word == null ? Optional.empty() : Action.of(word);
    if (word != null && action.isEmpty()) {
      List<String> words = Stream.of(Action.values()).map(Action::word).toList();
      fault("action", "must be one of " + String.join(", ", words));
    }
    return action.orElse(Action.UPDATE);
  }

  private List<String> objectIds() {
    JsonNode node = json.get("objectIds");
    if (node == null) {
      fault("objectIds", "is missing");
      return List.of();
    }
    if (!node.isArray() || node.isEmpty() || node.size() > OBJECTS) {
      fault("objectIds", "must be an array of 1 to " + OBJECTS + " ids");
      return List.of();
    }
    List<String> ids = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < node.size(); i++) {
      String at = pointer + "/objectIds/" + i;
      if (!node.get(i).isTextual()) {
        faults.add(new FieldFault(at, "must be a string"));
      } else {
        checkText(at, node.get(i).asText(), OBJECT_ID);
        if (!seen.add(node.get(i).asText())) {
          faults.add(new FieldFault(at, "is named twice"));
        }
        ids.add(node.get(i).asText());
      }
    }
    return ids;
  }

  private @Nullable Instant notBefore() {
    String text = textOrNull("notBefore", false, NAME);
    if (text == null) {
      return null;
    }
    try {
      Instant at = OffsetDateTime.parse(text).toInstant();
      if (YEARS.matcher(text).lookingAt()) {
        return at;
      }
    } catch (DateTimeException e) {
      fault("notBefore", "must be a date and time with offset (RFC 3339): 2026-12-24T18:00:00Z");
      return null;
    }
    fault("notBefore", "must be in the years 1970 to 9998");
    return null;
  }

  private int priority() {
    JsonNode node = json.get("priority");
    if (node == null || node.isNull()) {
      return Submission.DEFAULT_PRIORITY;
    }
    if (!node.isInt() || node.asInt() < 0 || node.asInt() > 9) {
      fault("priority", "must be a whole number from 0 to 9");
    }
    return node.asInt();
  }
}
