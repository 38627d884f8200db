package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.StubServer.Answer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What POST /v1/jobs takes, and how it says what it does not take. */
class HttpIntakeIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_BYTES = 3_000_000;
  private static final String LATER = "2999-01-01T00:00:00Z";

  private static StubServer server;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    server = new StubServer(call -> Answer.json("{\"name\":\"any\"}"));
    hub =
        TestHub.prepare()
            .metadata(server)
            .with("egression.http.max-body", String.valueOf(MOST_BYTES))
            .accounts(
                "acme",
                TestHub.account("webshop", server),
                TestHub.account("marketplace", server, "partitionBy: object"))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  // ---- fields

  private static Arguments wrong(
      String pointer, String detail, Consumer<ObjectNode> mistake, String title) {
    return Arguments.of(title, mistake, pointer, detail);
  }

  static Stream<Arguments> mistakes() {
    String word = "must consist of letters, digits, '.', '_' and '-'";
    String control = "must not contain control characters or broken Unicode surrogates";
    return Stream.of(
        wrong("/subscription", "is missing", job -> job.remove("subscription"), "absent"),
        wrong("/source", "is missing", job -> job.remove("source"), "absent"),
        wrong("/action", "is missing", job -> job.remove("action"), "absent"),
        wrong("/objectType", "is missing", job -> job.remove("objectType"), "absent"),
        wrong("/objectIds", "is missing", job -> job.remove("objectIds"), "absent"),
        wrong("/source", "must be a string", job -> job.putNull("source"), "null"),
        wrong("/source", "must be a string", job -> job.put("source", 7), "number"),
        wrong("/channel", "must be a string", job -> job.putArray("channel"), "array"),
        wrong("/action", "must be a string", job -> job.put("action", true), "boolean"),
        wrong("/action", "one of create, update, delete", job -> job.put("action", "up"), "other"),
        wrong("/source", "must not be empty", job -> job.put("source", ""), "empty"),
        wrong("/source", "at most 100", job -> job.put("source", "s".repeat(101)), "long"),
        wrong("/source", word, job -> job.put("source", "my source"), "space"),
        wrong("/objectType", word, job -> job.put("objectType", "a/b"), "slash"),
        wrong("/objectType", word, job -> job.put("objectType", "größe"), "umlaut"),
        wrong("/source", control, job -> job.put("source", "a\u0000"), "NUL"),
        wrong("/objectIds", "1 to 1000 ids", job -> job.put("objectIds", "1"), "string"),
        wrong("/objectIds", "1 to 1000 ids", job -> job.putArray("objectIds"), "empty"),
        wrong("/objectIds", "1 to 1000 ids", job -> ids(job, 1001), "many"),
        wrong("/objectIds/1", "is named twice", job -> ids(job, "a", "a"), "twice"),
        wrong("/objectIds/1", "must not be empty", job -> ids(job, "a", ""), "empty id"),
        wrong("/objectIds/1", "at most 500", job -> ids(job, "a", "i".repeat(501)), "long id"),
        wrong("/objectIds/1", control, job -> ids(job, "a", "a\u0000b"), "NUL in an id"),
        wrong("/objectIds/1", control, job -> ids(job, "a", "a\ud800b"), "half a surrogate pair"),
        wrong("/objectIds/0", "must be a string", job -> job.putArray("objectIds").add(1), "int"),
        wrong("/objectIds/0", "must be a string", job -> job.putArray("objectIds").addNull(), "-"),
        wrong("/notBefore", "RFC 3339", job -> job.put("notBefore", "tomorrow"), "word"),
        wrong("/notBefore", "RFC 3339", job -> job.put("notBefore", "2026-12-24"), "date"),
        wrong("/notBefore", "RFC 3339", job -> job.put("notBefore", "2026-12-24T18:00:00"), "zone"),
        wrong("/notBefore", "RFC 3339", job -> job.put("notBefore", "2026-02-30T18:00:00Z"), "day"),
        wrong("/notBefore", "must be a string", job -> job.put("notBefore", 1798135200), "epoch"),
        wrong(
            "/notBefore", "1970 to 9998", job -> job.put("notBefore", "9999-12-31T23:59:59Z"), ""),
        wrong("/notBefore", "1970 to 9998", job -> job.put("notBefore", "-5000-01-01T00:00Z"), ""),
        wrong("/notBefore", "1970 to 9998", job -> job.put("notBefore", "+99999-01-01T00:00Z"), ""),
        wrong("/partitionKey", "must not be empty", job -> job.put("partitionKey", ""), "empty"),
        wrong("/partitionKey", "at most 200", job -> job.put("partitionKey", "k".repeat(201)), ""),
        wrong("/partitionKey", control, job -> job.put("partitionKey", "a\nb"), "line break"),
        wrong(
            "/idempotencyKey",
            "at most 200",
            job -> job.put("idempotencyKey", "k".repeat(201)),
            ""),
        wrong("/idempotencyKey", "must be a string", job -> job.put("idempotencyKey", 1), "number"),
        wrong("/priority", "from 0 to 9", job -> job.put("priority", 10), "10"),
        wrong("/priority", "from 0 to 9", job -> job.put("priority", 4.5), "4.5"),
        wrong("/priority", "from 0 to 9", job -> job.put("priority", "4"), "string"),
        wrong("/priority", "from 0 to 9", job -> job.put("priority", Long.MAX_VALUE), "huge"),
        wrong("/objectId", "did you mean 'objectIds'?", job -> job.put("objectId", "1"), "unknown"),
        wrong("/a~1b~0", "is unknown", job -> job.put("a/b~", 1), "pointer is escaped"),
        wrong("/subscription", "did you mean 'acme'?", job -> job.put("subscription", "acne"), ""),
        wrong("/subscription", "no subscription 'x'", job -> job.put("subscription", "x"), ""),
        wrong("/channel", "did you mean 'webshop'?", job -> job.put("channel", "web-shop"), ""),
        wrong("/channel", "known are: marketplace, webshop", job -> job.put("channel", "xy"), ""));
  }

  @ParameterizedTest(name = "{2} {3} ({0})")
  @MethodSource("mistakes")
  void a_wrong_field_is_named_by_its_pointer(
      String title, Consumer<ObjectNode> mistake, String pointer, String detail) {
    long before = jobs();
    ObjectNode job = job("1");
    mistake.accept(job);

    assertFault(hub.post("/v1/jobs", escaped(job)), pointer, detail);
    ArrayNode array = JSON.createArrayNode().add(job("2")).add(job).add(job("3"));
    assertFault(hub.post("/v1/jobs", escaped(array)), "/1" + pointer, detail);
    assertThat(jobs()).isEqualTo(before);
  }

  /** In ASCII, so that half a surrogate pair can be sent. */
  private static String escaped(JsonNode json) {
    try {
      return JSON.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertFault(HttpResponse<String> answer, String pointer, String detail) {
    JsonNode errors = problem(answer, 422, "invalid-job").get("errors");
    assertThat(errors).hasSize(1);
    assertThat(errors.get(0).get("pointer").asText()).isEqualTo(pointer);
    assertThat(errors.get(0).get("detail").asText()).contains(detail);
  }

  @Test
  void every_fault_of_every_job_is_in_one_answer() {
    HttpResponse<String> answer =
        hub.post("/v1/jobs", "[{\"subscription\":7,\"nix\":1},5," + job("1") + ",null]");

    assertThat(problem(answer, 422, "invalid-job").get("errors"))
        .extracting(error -> error.get("pointer").asText())
        .containsExactlyInAnyOrder(
            "/0/nix",
            "/0/subscription",
            "/0/source",
            "/0/action",
            "/0/objectType",
            "/0/objectIds",
            "/1",
            "/3");
  }

  @Test
  void beyond_a_hundred_faults_are_counted() {
    String many = "{\"a\":1},".repeat(200) + "{\"a\":1}";

    JsonNode problem = problem(hub.post("/v1/jobs", "[" + many + "]"), 422, "invalid-job");

    assertThat(problem.get("errors")).hasSize(100);
    assertThat(problem.get("detail").asText()).contains(201 * 6 - 100 + " more faults");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "null", "true", "\"text\"", "[]", "[[]]"})
  void what_is_no_job_and_no_array_of_jobs_is_refused(String body) {
    JsonNode error = problem(hub.post("/v1/jobs", body), 422, "invalid-job").get("errors").get(0);
    assertThat(error.get("pointer").asText()).isEqualTo(body.equals("[[]]") ? "/0" : "");
  }

  // ---- the body

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[{\"source\":\"a\"",
        "{\"source\":\"a\",}",
        "{'source':'a'}",
        "{source:1}",
        "{\"source\":NaN}",
        "{\"source\":01}",
        "{\"source\":\"a\u0001b\"}",
        "{\"source\":\"\\x\"}",
        "/* a comment */ {}",
        "{} {}",
        "{} x",
        "[] ,",
        "{\"source\":\"a\",\"source\":\"a\"}",
        "{\"objectIds\":[{\"a\":1,\"a\":2}]}"
      })
  void what_is_not_json_is_refused_with_its_place(String body) {
    JsonNode problem = problem(hub.post("/v1/jobs", "\n\n " + body), 400, "malformed-json");
    assertThat(problem.get("detail").asText())
        .matches(".+ \\(line 3, column \\d+\\)")
        .doesNotContain("Source", "REDACTED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n\t"})
  void an_empty_body_is_refused(String body) {
    JsonNode problem = problem(hub.post("/v1/jobs", body), 400, "malformed-json");
    assertThat(problem.get("detail").asText()).contains("empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ISO-8859-1", "UTF-16", "UTF-16LE", "UTF-32", "UTF-32LE"})
  void only_utf_8_is_taken(String charset) {
    byte[] body = job("Größe").toString().getBytes(Charset.forName(charset));
    JsonNode problem = problem(post(body), 400, "malformed-json");
    assertThat(problem.get("detail").asText()).isNotBlank();
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_ids[1] LIKE 'Gr%'")).isZero();
  }

  @Test
  void the_byte_that_is_not_utf_8_is_named() {
    byte[] body = "{\"source\":\"x\"}".getBytes(StandardCharsets.US_ASCII);
    body[11] = (byte) 0xff;
    assertThat(problem(post(body), 400, "malformed-json").get("detail").asText())
        .isEqualTo("It is not UTF-8: see byte 12.");
  }

  @Test
  void a_byte_order_mark_is_no_fault() {
    byte[] body = ("\uFEFF" + job("bom")).getBytes(StandardCharsets.UTF_8);
    assertThat(post(body).statusCode()).isEqualTo(202);
  }

  @Test
  void nesting_names_and_numbers_without_end_are_refused() {
    List<String> bodies =
        List.of(
            "[".repeat(100_000) + "]".repeat(100_000),
            "{\"a\":".repeat(100_000) + "1" + "}".repeat(100_000),
            "{\"priority\":" + "9".repeat(100_000) + "}",
            "{\"" + "n".repeat(100_000) + "\":1}");
    for (String body : bodies) {
      problem(hub.post("/v1/jobs", body), 400, "malformed-json");
    }
    problem(hub.post("/v1/jobs", "{\"priority\":1e999999999}"), 422, "invalid-job");
    problem(hub.post("/v1/jobs", "{\"priority\":-1e-999999999}"), 422, "invalid-job");
  }

  @Test
  void a_body_that_is_declared_too_long_is_refused_before_it_is_sent() {
    String head =
        "POST /v1/jobs HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\n"
            + "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n";
    String answer = RawHttp.ask(hub, head.formatted(hub.key(), MOST_BYTES + 1));
    assertTooLarge(answer);
  }

  @Test
  void a_body_without_length_is_refused_once_it_is_too_long() {
    String head =
        "POST /v1/jobs HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    String chunk = "%x\r\n%s\r\n".formatted(MOST_BYTES + 1, " ".repeat(MOST_BYTES + 1));
    String answer = RawHttp.ask(hub, head.formatted(hub.key()) + chunk);
    assertTooLarge(answer);
  }

  private static void assertTooLarge(String answer) {
    assertThat(answer)
        .startsWith("HTTP/1.1 413 ")
        .containsIgnoringCase("content-type: application/problem+json")
        .contains("urn:egression:problem:too-large", "At most " + MOST_BYTES + " bytes");
  }

  @Test
  void the_longest_body_is_taken() {
    String job = job("long").toString();
    String body = job + " ".repeat(MOST_BYTES - job.length());
    assertThat(hub.post("/v1/jobs", body).statusCode()).isEqualTo(202);
  }

  @Test
  void only_json_is_taken() {
    List<String> types =
        Arrays.asList(
            null,
            "",
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/json; charset=iso-8859-1",
            "nonsense");
    for (String type : types) {
      HttpRequest.Builder request = hub.request("/v1/jobs");
      if (type != null) {
        request.header("Content-Type", type);
      }
      problem(TestHub.send(body(request, job("1"))), 415, "unsupported-media-type");
    }
    for (String type : List.of("application/json", "Application/JSON ; Charset=\"UTF-8\"")) {
      HttpRequest.Builder request = hub.request("/v1/jobs").header("Content-Type", type);
      assertThat(TestHub.send(body(request, job("type"))).statusCode()).isEqualTo(202);
    }
  }

  private static HttpRequest body(HttpRequest.Builder request, JsonNode body) {
    return request.POST(BodyPublishers.ofString(body.toString())).build();
  }

  @Test
  void a_content_type_in_the_query_is_none() {
    HttpRequest.Builder request = hub.request("/v1/jobs?Content-Type=application/json");
    request.header("Content-Type", "text/plain");
    problem(TestHub.send(body(request, job("1"))), 400, "invalid-query");
  }

  // ---- paths and methods

  @ParameterizedTest
  @ValueSource(
      strings = {"/nothing", "/v1", "/v2/jobs", "/v1/jobs/a/b", "/%0d%0aX:y", "/v1/jobs;x"})
  void what_is_not_there_is_a_problem_document(String path) {
    problem(hub.get(path), 404, "no-such-path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"})
  void a_method_that_is_not_there_is_a_problem_document(String method) {
    HttpResponse<String> answer =
        TestHub.send(hub.request("/v1/jobs").method(method, BodyPublishers.noBody()).build());
    problem(answer, 405, "no-such-method");
    assertThat(answer.headers().firstValue("Allow")).hasValue("GET, POST");
  }

  @Test
  void a_path_that_is_not_percent_encoded_rightly_is_a_bad_request() {
    String answer =
        RawHttp.ask(
            hub,
            "GET /v1/jobs/%%zz HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                .formatted(hub.key()));
    assertThat(answer).startsWith("HTTP/1.1 400 ");
  }

  // ---- what is taken

  @Test
  void a_job_is_answered_with_its_id_its_place_to_look_and_its_state() {
    HttpResponse<String> answer =
        hub.post("/v1/jobs", job("answered").put("notBefore", LATER).toString());

    assertThat(answer.statusCode()).isEqualTo(202);
    JsonNode job = hub.json(answer).get("jobs").get(0);
    assertThat(job.get("channel").asText()).isEqualTo("webshop");
    assertThat(job.get("partitionKey").asText()).isEqualTo("*");
    assertThat(job.get("state").asText()).isEqualTo("scheduled");
    assertThat(job.get("location").asText()).isEqualTo("/v1/jobs/" + job.get("id").asText());
    assertThat(answer.headers().firstValue("Location")).hasValue(job.get("location").asText());
    assertThat(hub.get(job.get("location").asText()).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "A/12 34",
        "a//b/../c",
        "%2F",
        "Größe é",
        "e\u0301",
        "日本語",
        "👗🛒",
        "a?b&c=d#e",
        "\"'\\{}",
        ":$1 ?",
        "${body}",
        "{{egression.data.dir}}"
      })
  void an_object_id_comes_out_as_it_went_in(String id) {
    String job = hub.submit(job(id).put("channel", "marketplace").toString()).get(0);

    JsonNode delivered = hub.await(job, "delivered");
    assertThat(delivered.get("objectIds").get(0).asText()).isEqualTo(id);
    assertThat(delivered.get("partitionKey").asText()).isEqualTo("product/" + id);
    assertThat(server.calls())
        .filteredOn(call -> job.equals(call.header("Idempotency-Key")))
        .extracting(StubServer.Call::objectId)
        .containsExactly(id);
  }

  @Test
  void ten_thousand_jobs_are_taken_at_once_and_one_more_is_refused() {
    ArrayNode array = JSON.createArrayNode();
    for (int i = 0; i < 10_000; i++) {
      array.add(job("many-" + i).put("notBefore", LATER));
    }
    assertThat(new HashSet<>(hub.submit(array.toString()))).hasSize(10_000);

    array.add(job("one-more"));
    JsonNode problem = problem(hub.post("/v1/jobs", array.toString()), 422, "invalid-job");
    assertThat(problem.get("errors").get(0).get("detail").asText()).contains("1 to 10000");
  }

  @Test
  void what_would_make_too_many_jobs_is_refused() {
    long before = jobs();
    ObjectNode thousand = job("-").put("channel", "marketplace");
    ids(thousand, 1000);
    ArrayNode array = JSON.createArrayNode();
    for (int i = 0; i < 101; i++) {
      array.add(thousand);
    }
    JsonNode problem = problem(hub.post("/v1/jobs", array.toString()), 422, "invalid-job");
    assertThat(problem.get("errors").get(0).get("detail").asText()).contains("100000");
    assertThat(jobs()).isEqualTo(before);
  }

  @Test
  void an_answer_brings_back_no_header_of_the_request() {
    HttpRequest request =
        hub.request("/v1/jobs")
            .header("Content-Type", "application/json")
            .header("X-Secret", "plugh")
            .header("Cookie", "a=plugh")
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .header("Idempotency-Key", "plugh")
            .POST(BodyPublishers.ofString(job("headers").toString()))
            .build();
    for (HttpResponse<String> answer :
        List.of(TestHub.send(request), hub.get("/v1/jobs?limit=1"), hub.get("/nix"))) {
      assertThat(answer.headers().map().keySet())
          .allSatisfy(
              name ->
                  assertThat(name)
                      .isIn(
                          ":status",
                          "transfer-encoding",
                          "content-length",
                          "cache-control",
                          "content-security-policy",
                          "referrer-policy",
                          "x-content-type-options",
                          "content-type",
                          "location"));
      assertThat(answer.headers().map().toString()).doesNotContain("plugh", hub.key());
    }
  }

  // ---- idempotency

  @Test
  void the_same_key_and_body_get_the_first_answer_word_for_word() {
    String body = job("idem").put("idempotencyKey", "same").toString();

    HttpResponse<String> first = hub.post("/v1/jobs", body);
    hub.await(hub.json(first).get("jobs").get(0).get("id").asText(), "delivered");
    HttpResponse<String> second = hub.post("/v1/jobs", body);

    assertThat(first.statusCode()).isEqualTo(202);
    assertThat(second.statusCode()).isEqualTo(202);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(second.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
    assertThat(jobsOf("idem")).isEqualTo(1);
  }

  @Test
  void a_key_is_the_subscription_s_and_the_source_s_own() {
    ObjectNode job = job("own").put("idempotencyKey", "own");
    Set<String> ids = new HashSet<>(hub.submit(job.toString()));
    ids.addAll(hub.submit(job.put("source", "other").toString()));
    assertThat(ids).hasSize(2);
  }

  @Test
  void the_same_key_with_another_body_is_a_conflict_and_nothing_is_accepted() {
    ObjectNode job = job("conflict").put("idempotencyKey", "conflict");
    hub.submit(job.toString());
    ObjectNode other = job.deepCopy().put("action", "delete");

    JsonNode single = problem(hub.post("/v1/jobs", other.toString()), 409, "idempotency-conflict");
    assertThat(single.get("errors").get(0).get("pointer").asText()).isEqualTo("/idempotencyKey");

    String array = "[" + job("conflict") + "," + other + "]";
    JsonNode several = problem(hub.post("/v1/jobs", array), 409, "idempotency-conflict");
    assertThat(several.get("errors").get(0).get("pointer").asText()).isEqualTo("/1/idempotencyKey");
    assertThat(jobsOf("conflict")).isEqualTo(1);
  }

  @Test
  void a_key_that_comes_twice_in_one_array_means_one_job() {
    ObjectNode job = job("twice").put("idempotencyKey", "twice");
    assertThat(new HashSet<>(hub.submit("[" + job + "," + job + "]"))).hasSize(1);
    assertThat(jobsOf("twice")).isEqualTo(1);

    ObjectNode other = job.deepCopy().put("idempotencyKey", "twice-2");
    String array = "[" + other + "," + other.deepCopy().put("action", "delete") + "]";
    JsonNode problem = problem(hub.post("/v1/jobs", array), 409, "idempotency-conflict");
    assertThat(problem.get("errors").get(0).get("pointer").asText()).isEqualTo("/1/idempotencyKey");
    assertThat(jobsOf("twice")).isEqualTo(1);
  }

  @Test
  void the_header_holds_for_the_request_as_a_whole() {
    ArrayNode array = JSON.createArrayNode().add(job("header")).add(job("header"));
    for (String body : List.of(job("header").toString(), array.toString())) {
      String key = "header-" + body.length();
      HttpResponse<String> first = postWithKey(key, body);
      assertThat(first.statusCode()).isEqualTo(202);
      assertThat(postWithKey(key, body).body()).isEqualTo(first.body());

      JsonNode problem =
          problem(postWithKey(key, body.replace("header", "other")), 409, "idempotency-conflict");
      assertThat(problem.get("errors").get(0).get("pointer").asText()).isEmpty();
      assertThat(problem.get("errors").get(0).get("detail").asText()).contains("Idempotency-Key");
    }
    assertThat(jobsOf("header")).isEqualTo(3);
    assertThat(jobsOf("other")).isZero();
  }

  @Test
  void a_job_s_own_key_comes_before_the_header() {
    ObjectNode job = job("before").put("idempotencyKey", "before");
    HttpResponse<String> first = postWithKey("header-1", job.toString());
    assertThat(postWithKey("header-2", job.toString()).body()).isEqualTo(first.body());
    assertThat(jobsOf("before")).isEqualTo(1);
  }

  @Test
  void a_header_that_is_empty_or_too_long_is_refused() {
    for (String key : List.of("", "k".repeat(201))) {
      problem(postWithKey(key, job("1").toString()), 400, "invalid-header");
    }
    assertThat(postWithKey("k".repeat(200), job("long-key").toString()).statusCode())
        .isEqualTo(202);
  }

  @Test
  void of_many_equal_requests_at_once_one_makes_the_jobs() throws Exception {
    ObjectNode fanOut = job("at-once").put("idempotencyKey", "at-once");
    fanOut.remove("channel");
    String array = "[" + fanOut + "," + job("at-once").put("idempotencyKey", "at-once-2") + "]";
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      CountDownLatch together = new CountDownLatch(16);
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        answers.add(
            threads.submit(
                () -> {
                  together.countDown();
                  together.await();
                  return hub.post("/v1/jobs", array);
                }));
      }
      Set<String> bodies = new HashSet<>();
      for (Future<HttpResponse<String>> answer : answers) {
        assertThat(answer.get().statusCode()).isEqualTo(202);
        bodies.add(answer.get().body());
      }
      assertThat(bodies).hasSize(1);
    } finally {
      threads.shutdownNow();
    }
    assertThat(jobsOf("at-once")).isEqualTo(3);
  }

  @Test
  void the_first_answer_stands_though_accounts_have_changed() {
    try (TestHub changing =
        TestHub.prepare()
            .metadata(server)
            .accounts("fan", TestHub.account("one", server), TestHub.account("two", server))
            .accounts("gone", TestHub.account("one", server))
            .start()) {
      List<String> bodies =
          List.of(
              keyed("fan", null).toString(),
              keyed("fan", "two").toString(),
              keyed("gone", null).toString());
      List<String> first = bodies.stream().map(body -> accepted(changing, body)).toList();
      assertThat(first.get(0)).contains("\"one\"", "\"two\"");
      changing.stop();

      changing
          .accounts("fan", TestHub.account("one", server), TestHub.account("three", server))
          .without("subscriptions/gone.yaml")
          .start();
      assertThat(bodies.stream().map(body -> accepted(changing, body)).toList()).isEqualTo(first);

      JsonNode fresh = changing.json(changing.post("/v1/jobs", keyed("fan", "two", "new")));
      assertThat(fresh.get("errors").get(0).get("pointer").asText()).isEqualTo("/channel");
      JsonNode other = changing.json(changing.post("/v1/jobs", keyed("gone", "one").toString()));
      assertThat(other.get("status").asInt()).isEqualTo(409);
    }
  }

  private static ObjectNode keyed(String subscription, String channel) {
    ObjectNode job = job("keyed").put("subscription", subscription);
    job.remove("channel");
    if (channel != null) {
      job.put("channel", channel);
    }
    return job.put(
        "idempotencyKey", channel == null || subscription.equals("gone") ? "all" : "one");
  }

  private static String keyed(String subscription, String channel, String key) {
    return keyed(subscription, channel).put("idempotencyKey", key).toString();
  }

  private static String accepted(TestHub at, String body) {
    HttpResponse<String> answer = at.post("/v1/jobs", body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return answer.body();
  }

  // ---- helpers

  private static ObjectNode job(String id) {
    ObjectNode job = JSON.createObjectNode();
    job.put("subscription", "acme").put("source", "test").put("channel", "webshop");
    job.put("action", "update").put("objectType", "product");
    return ids(job, id);
  }

  private static ObjectNode ids(ObjectNode job, String... ids) {
    ArrayNode array = job.putArray("objectIds");
    Stream.of(ids).forEach(array::add);
    return job;
  }

  private static ObjectNode ids(ObjectNode job, int count) {
    return ids(
        job, Stream.iterate(0, n -> n + 1).limit(count).map(n -> "n" + n).toArray(String[]::new));
  }

  private static HttpResponse<String> post(byte[] body) {
    return TestHub.send(
        hub.request("/v1/jobs")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(body))
            .build());
  }

  private static HttpResponse<String> postWithKey(String key, String body) {
    return TestHub.send(
        hub.request("/v1/jobs")
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private static long jobs() {
    return hub.number("SELECT count(*) FROM job");
  }

  private static long jobsOf(String objectId) {
    return hub.number("SELECT count(*) FROM job WHERE object_ids[1] = '" + objectId + "'");
  }

  /** The answer as a problem document (RFC 9457) that shows nothing of the inside. */
  private static JsonNode problem(HttpResponse<String> answer, int status, String name) {
    return Problems.assertThatIs(answer, status, name);
  }
}
