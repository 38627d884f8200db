package io.egression.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.intake.Problem.FieldFault;
import io.egression.job.Action;
import io.egression.job.Submission;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubmissionReaderTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WORDS = "must consist of letters, digits, '.', '_' and '-'";
  private static final String CLEAN =
      "must not contain control characters or broken Unicode surrogates";
  private static final String DATE =
      "must be a date and time with offset (RFC 3339): 2026-12-24T18:00:00Z";

  private final List<FieldFault> faults = new ArrayList<>();

  @Test
  void what_is_required_is_enough() {
    assertThat(read(job()))
        .contains(
            new Submission(
                "acme",
                "erp",
                null,
                Action.UPDATE,
                "product",
                List.of("1"),
                null,
                null,
                null,
                Submission.DEFAULT_PRIORITY));
  }

  @Test
  void everything_that_can_be_said_is_read() {
    String json =
        """
        {"subscription": "acme", "source": "nifi-flow_7.b", "channel": "webshop-de",
         "action": "delete", "objectType": "product.variant",
         "objectIds": ["A 12/34 ü", "😀", "~*%", "'; DROP TABLE job; --"],
         "notBefore": "2026-12-24T18:00:00+01:00", "partitionKey": "any text / at all",
         "idempotencyKey": "key 1", "priority": 9}
        """;
    assertThat(read(tree(json)))
        .contains(
            new Submission(
                "acme",
                "nifi-flow_7.b",
                "webshop-de",
                Action.DELETE,
                "product.variant",
                List.of("A 12/34 ü", "😀", "~*%", "'; DROP TABLE job; --"),
                Instant.parse("2026-12-24T17:00:00Z"),
                "any text / at all",
                "key 1",
                9));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "channel",
        "notBefore",
        "partitionKey",
        "idempotencyKey",
        "priority",
        "correlationId"
      })
  void what_may_be_absent_may_be_null(String field) {
    assertThat(read(job().putNull(field))).isEqualTo(read(job())).isPresent();
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "update", "delete"})
  void every_action_is_known(String action) {
    assertThat(read(job().put("action", action)).orElseThrow().action().word()).isEqualTo(action);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "1", "\"job\"", "null", "true"})
  void what_is_no_object_is_no_job(String json) {
    assertThat(faults(tree(json))).containsExactly(new FieldFault("", "must be an object: a job"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"subscription", "source", "action", "objectType", "objectIds"})
  void what_is_required_and_missing_is_named(String field) {
    ObjectNode job = job();
    job.remove(field);
    assertThat(faults(job)).containsExactly(new FieldFault("/" + field, "is missing"));
  }

  @Test
  void of_an_empty_object_everything_that_is_required_is_missing() {
    assertThat(faults(JSON.createObjectNode()))
        .extracting(FieldFault::pointer)
        .containsExactly("/subscription", "/source", "/action", "/objectType", "/objectIds");
  }

  static Stream<Arguments> wrongTypes() {
    return Stream.of(
            "subscription",
            "source",
            "channel",
            "action",
            "objectType",
            "notBefore",
            "partitionKey",
            "idempotencyKey")
        .flatMap(field -> Stream.of("1", "true", "{}", "[]").map(json -> arguments(field, json)));
  }

  @ParameterizedTest
  @MethodSource("wrongTypes")
  void a_text_is_a_text(String field, String json) {
    assertThat(faults(job().set(field, tree(json))))
        .contains(new FieldFault("/" + field, "must be a string"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"subscription", "source", "action", "objectType"})
  void what_is_required_is_not_null(String field) {
    assertThat(faults(job().putNull(field)))
        .contains(new FieldFault("/" + field, "must be a string"));
  }

  @ParameterizedTest
  @CsvSource({
    "subscription, 100",
    "source, 100",
    "channel, 100",
    "objectType, 100",
    "partitionKey, 200",
    "idempotencyKey, 200"
  })
  void a_text_has_a_longest_length(String field, int longest) {
    assertThat(faults(job().put(field, "x".repeat(longest)))).isEmpty();
    assertThat(faults(job().put(field, "x".repeat(longest + 1))))
        .containsExactly(
            new FieldFault("/" + field, "must have at most " + longest + " characters"));
  }

  @Test
  void characters_are_counted_as_people_count_them() {
    assertThat(faults(job().put("partitionKey", "😀".repeat(200)))).isEmpty();
    assertThat(faults(job().put("partitionKey", "😀".repeat(201)))).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "subscription",
        "source",
        "channel",
        "objectType",
        "partitionKey",
        "idempotencyKey"
      })
  void a_text_is_not_empty(String field) {
    assertThat(faults(job().put(field, "")))
        .containsExactly(new FieldFault("/" + field, "must not be empty"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a b", "a/b", "-a", ".a", "_a", "ä", "a\"", "a'", "a*", " ", "a:b", "a%2F"})
  void a_name_is_a_plain_word(String name) {
    for (String field : List.of("subscription", "source", "channel", "objectType")) {
      assertThat(faults(job().put(field, name)))
          .containsExactly(new FieldFault("/" + field, WORDS));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a\\u0000b",
        "a\\nb",
        "a\\tb",
        "\\u007f",
        "\\u0085",
        "\\ud800",
        "a\\udc00",
        "\\ude00\\ud83d"
      })
  void control_characters_and_halves_of_characters_are_refused(String escaped) {
    JsonNode text = tree("\"" + escaped + "\"");
    for (String field : List.of("subscription", "partitionKey", "idempotencyKey")) {
      assertThat(faults(job().set(field, text)))
          .containsExactly(new FieldFault("/" + field, CLEAN));
    }
    ObjectNode job = job();
    job.putArray("objectIds").add("fine").add(text);
    assertThat(faults(job)).containsExactly(new FieldFault("/objectIds/1", CLEAN));
  }

  @Test
  void an_unknown_field_is_named_with_what_was_meant() {
    assertThat(faults(job().put("objectId", "1").put("chanel", "de")))
        .containsExactly(
            new FieldFault("/objectId", "is unknown; did you mean 'objectIds'?"),
            new FieldFault("/chanel", "is unknown; did you mean 'channel'?"));
    assertThat(faults(job().put("payload", "x")).get(0).detail())
        .isEqualTo(
            "is unknown; known are: action, after, batch, channel, correlationId, idempotencyKey, notBefore, objectIds,"
                + " objectType, partitionKey, priority, source, subscription");
  }

  @Test
  void a_pointer_is_escaped_as_rfc_6901_says() {
    assertThat(faults(job().put("a/b~c", 1).put("", 1)))
        .extracting(FieldFault::pointer)
        .containsExactly("/a~1b~0c", "/");
  }

  @Test
  void a_pointer_begins_where_the_job_stands() {
    new SubmissionReader(job().put("action", "move").put("x/y", 1), "/17", faults).read();
    assertThat(faults).extracting(FieldFault::pointer).containsExactly("/17/x~1y", "/17/action");
    faults.clear();
    ObjectNode job = job();
    job.putArray("objectIds").add(1);
    new SubmissionReader(job, "/17", faults).read();
    assertThat(faults).extracting(FieldFault::pointer).containsExactly("/17/objectIds/0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"upsert", "Update", "UPDATE", " update", ""})
  void an_unknown_action_is_answered_with_the_known_ones(String action) {
    assertThat(faults(job().put("action", action)))
        .contains(new FieldFault("/action", "must be one of create, update, delete"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"1\"", "1", "{}", "null", "[]"})
  void object_ids_are_an_array_with_something_in_it(String json) {
    assertThat(faults(job().set("objectIds", tree(json))))
        .containsExactly(new FieldFault("/objectIds", "must be an array of 1 to 1000 ids"));
  }

  @Test
  void a_job_has_at_most_1000_objects() {
    assertThat(faults(jobWithIds(IntStream.range(0, 1000).mapToObj(String::valueOf)))).isEmpty();
    assertThat(faults(jobWithIds(IntStream.range(0, 1001).mapToObj(String::valueOf))))
        .containsExactly(new FieldFault("/objectIds", "must be an array of 1 to 1000 ids"));
  }

  @Test
  void every_object_id_that_is_not_right_is_named() {
    JsonNode ids =
        tree("[\"a\", 1, \"\", \"" + "x".repeat(501) + "\", null, \"a\", [\"b\"], \"a\"]");
    assertThat(faults(job().set("objectIds", ids)))
        .containsExactly(
            new FieldFault("/objectIds/1", "must be a string"),
            new FieldFault("/objectIds/2", "must not be empty"),
            new FieldFault("/objectIds/3", "must have at most 500 characters"),
            new FieldFault("/objectIds/4", "must be a string"),
            new FieldFault("/objectIds/5", "is named twice"),
            new FieldFault("/objectIds/6", "must be a string"),
            new FieldFault("/objectIds/7", "is named twice"));
  }

  @Test
  void an_object_id_has_at_most_500_characters() {
    assertThat(faults(jobWithIds(Stream.of("€".repeat(500), "𝄞".repeat(500))))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-12-24T18:00:00Z, 2026-12-24T18:00:00Z",
    "2026-12-24t18:00:00z, 2026-12-24T18:00:00Z",
    "2026-12-24T18:00:00.123456Z, 2026-12-24T18:00:00.123456Z",
    "2026-12-24T18:00:00-05:30, 2026-12-24T23:30:00Z",
    "2026-12-24T18:00:00+00:00, 2026-12-24T18:00:00Z",
    "1970-01-01T00:00:00Z, 1970-01-01T00:00:00Z",
    "9998-12-31T23:59:59Z, 9998-12-31T23:59:59Z"
  })
  void a_date_is_read_as_rfc_3339_says(String text, Instant instant) {
    assertThat(read(job().put("notBefore", text)).orElseThrow().notBefore()).isEqualTo(instant);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tomorrow",
        "2026-12-24",
        "2026-12-24T18:00:00",
        "2026-12-24 18:00:00Z",
        "2026-02-30T18:00:00Z",
        "2026-13-01T18:00:00Z",
        "2026-12-24T25:00:00Z",
        "2026-12-24T18:00:00+99:00",
        "2026-12-24T18:00:00Z[Europe/Berlin]",
        "1798135200",
        "Thu, 24 Dec 2026 18:00:00 GMT"
      })
  void a_date_that_is_none_is_refused(String text) {
    assertThat(faults(job().put("notBefore", text)))
        .containsExactly(new FieldFault("/notBefore", DATE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9999-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "+999999999-12-31T23:59:59-18:00",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "-9999-01-01T00:00:00Z",
        "-999999999-01-01T00:00:00+18:00"
      })
  void a_date_that_no_database_can_hold_is_refused(String text) {
    assertThat(faults(job().put("notBefore", text)))
        .containsExactly(new FieldFault("/notBefore", "must be in the years 1970 to 9998"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "10", "4.0", "4.5", "\"4\"", "true", "99999999999999999999", "[]"})
  void a_priority_is_a_whole_number_from_0_to_9(String json) {
    assertThat(faults(job().set("priority", tree(json))))
        .containsExactly(new FieldFault("/priority", "must be a whole number from 0 to 9"));
  }

  @Test
  void every_fault_is_told_at_once() {
    JsonNode json =
        tree(
            """
            {"subscription": 1, "channel": "", "action": "x", "objectType": "a b",
             "objectIds": [], "notBefore": "x", "priority": 10, "x": 1}
            """);
    assertThat(faults(json))
        .extracting(FieldFault::pointer)
        .containsExactly(
            "/x",
            "/subscription",
            "/source",
            "/channel",
            "/action",
            "/objectType",
            "/objectIds",
            "/notBefore",
            "/priority");
  }

  private Optional<Submission> read(JsonNode json) {
    return new SubmissionReader(json, "", faults).read();
  }

  private List<FieldFault> faults(JsonNode json) {
    faults.clear();
    assertThat(read(json).isEmpty()).isEqualTo(!faults.isEmpty());
    return faults;
  }

  private static ObjectNode job() {
    return jobWithIds(Stream.of("1"));
  }

  private static ObjectNode jobWithIds(Stream<String> ids) {
    ObjectNode job =
        JSON.createObjectNode()
            .put("subscription", "acme")
            .put("source", "erp")
            .put("action", "update")
            .put("objectType", "product");
    return job.set("objectIds", JSON.valueToTree(ids.collect(Collectors.toList())));
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }
}
