package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.job.Outcome;
import io.egression.job.Outcome.Delivered;
import io.egression.job.Outcome.Pause;
import io.egression.job.Outcome.PauseScope;
import io.egression.job.Outcome.Rejected;
import io.egression.job.Outcome.Retry;
import io.egression.job.Outcome.Throttled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClassifierTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final String STEADY = "retry: {jitter: 0}\n";

  private final Classifier classifier =
      new Classifier(Clock.fixed(NOW, ZoneOffset.UTC), new Random(1));

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204, 207, 299})
  void by_default_2xx_is_delivered(int status) {
    assertThat(classify(STEADY, answer(status))).isEqualTo(new Delivered("status " + status));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 199, 301, 302, 303, 304, 307, 400, 402, 404, 409, 410, 422, 499})
  void by_default_an_answer_that_would_be_the_same_again_is_rejected(int status) {
    assertThat(classify(STEADY, answer(status))).isEqualTo(new Rejected("status " + status, null));
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 425, 500, 502, 503, 504, 599})
  void by_default_an_answer_that_may_be_another_later_is_tried_again(int status) {
    assertThat(classify(STEADY, answer(status)))
        .isEqualTo(new Retry(Duration.ofSeconds(1), "status " + status, null, false));
  }

  @Test
  void by_default_429_is_throttled() {
    assertThat(classify(STEADY, answer(429)))
        .isEqualTo(new Throttled(Duration.ofSeconds(1), "status 429", PauseScope.ACCOUNT));
  }

  @Test
  void a_connector_without_http_that_does_not_throw_has_taken_it() {
    assertThat(classify(STEADY, new Answer(null, Answer.Headers.NONE, "", null, List.of("1"))))
        .isEqualTo(new Delivered("taken"));
  }

  @Test
  void by_default_a_fault_is_tried_again_and_named() {
    assertThat(classify(STEADY, fault(new ConnectException("to 10.0.0.1:443"))))
        .isEqualTo(new Retry(Duration.ofSeconds(1), "no answer: connect", null, false));
    assertThat(classify(STEADY, fault(new SocketTimeoutException())).reason())
        .isEqualTo("no answer: timeout");
    assertThat(
            classify(STEADY, fault(new IllegalStateException(new ClassCastException("secret"))))
                .reason())
        .isEqualTo("no answer: ClassCastException");
  }

  @Test
  void the_delay_grows_with_the_failures_before() {
    assertThat(
            IntStream.of(0, 1, 2, 3, 20)
                .mapToObj(failures -> after(classify(STEADY, answer(500), failures)).toSeconds()))
        .containsExactly(1L, 2L, 4L, 8L, 300L);
  }

  @Test
  void retry_after_is_obeyed() {
    assertThat(after(classify(STEADY, answer(503, "Retry-After", "7"))).toSeconds()).isEqualTo(7);
    assertThat(after(classify(STEADY, answer(429, "retry-after", "7"))).toSeconds()).isEqualTo(7);
    assertThat(
            after(classify(STEADY, answer(503, "RETRY-AFTER", "Wed, 25 Nov 2026 12:00:09 GMT")))
                .toSeconds())
        .isEqualTo(9);
    assertThat(after(classify(STEADY, answer(503, "Retry-After", "soon"))).toSeconds())
        .isEqualTo(1);
  }

  @Test
  void retry_after_is_cut_to_the_longest_that_the_policy_allows() {
    String policy = "retryAfterMost: 1m";
    assertThat(after(classify(policy, answer(503, "Retry-After", "59"))).toSeconds()).isEqualTo(59);
    assertThat(after(classify(policy, answer(503, "Retry-After", "61"))).toSeconds()).isEqualTo(60);
    assertThat(after(classify(policy, answer(429, "Retry-After", "99999999999"))).toSeconds())
        .isEqualTo(60);
  }

  @Test
  void the_first_rule_that_matches_wins_and_else_the_defaults() {
    String policy =
        """
        outcomes:
          - {status: 404, outcome: delivered}
          - {status: 4xx, outcome: retry}
          - {status: [404, 409, 5xx], outcome: rejected}
        """;
    assertThat(classify(policy, answer(404))).isInstanceOf(Delivered.class);
    assertThat(classify(policy, answer(409))).isInstanceOf(Retry.class);
    assertThat(classify(policy, answer(503))).isInstanceOf(Rejected.class);
    assertThat(classify(policy, answer(200))).isInstanceOf(Delivered.class);
    assertThat(classify(policy, answer(302))).isInstanceOf(Rejected.class);
  }

  @Test
  void every_condition_of_a_rule_must_hold() {
    String policy =
        "outcomes: [{status: 400, header: {name: X-Code}, body: .again, outcome: retry}]";
    assertThat(classify(policy, answer(400, "X-Code", "1", "{\"again\":true}")))
        .isInstanceOf(Retry.class);
    assertThat(classify(policy, answer(402, "X-Code", "1", "{\"again\":true}")))
        .isInstanceOf(Rejected.class);
    assertThat(classify(policy, answer(400, "X-Cod", "1", "{\"again\":true}")))
        .isInstanceOf(Rejected.class);
    assertThat(classify(policy, answer(400, "X-Code", "1", "{\"again\":false}")))
        .isInstanceOf(Rejected.class);
  }

  @Test
  void a_header_matches_by_a_regular_expression_over_its_whole_value() {
    String policy =
        "outcomes: [{header: {name: X-Error, value: 'quota-[0-9]+'}, outcome: throttled}]";
    assertThat(classify(policy, answer(200, "X-Error", "quota-17"))).isInstanceOf(Throttled.class);
    assertThat(classify(policy, answer(200, "x-error", "quota-17"))).isInstanceOf(Throttled.class);
    assertThat(classify(policy, answer(200, "X-Error", "a quota-17")))
        .isInstanceOf(Delivered.class);
    assertThat(classify(policy, answer(200))).isInstanceOf(Delivered.class);
  }

  @Test
  void a_header_without_a_value_matches_by_its_presence() {
    String policy = "outcomes: [{header: {name: X-Error}, outcome: rejected}]";
    assertThat(classify(policy, answer(200, "X-Error", ""))).isInstanceOf(Rejected.class);
    assertThat(classify(policy, answer(200))).isInstanceOf(Delivered.class);
  }

  @Test
  void each_kind_of_fault_can_be_told_from_the_others() {
    String policy =
        """
        outcomes:
          - {exception: connect, outcome: pause, scope: connector, for: 1s}
          - {exception: tls, outcome: pause, for: 2s}
          - {exception: dns, outcome: rejected}
          - {exception: timeout, outcome: delivered}
          - {exception: reset, outcome: throttled, for: 3s}
        """;
    assertThat(classify(policy, fault(new ConnectException())))
        .isEqualTo(new Pause(PauseScope.CONNECTOR, Duration.ofSeconds(1), "no answer: connect"));
    assertThat(classify(policy, fault(new SSLHandshakeException(""))))
        .isEqualTo(new Pause(PauseScope.ACCOUNT, Duration.ofSeconds(2), "no answer: tls"));
    assertThat(classify(policy, fault(new UnknownHostException()))).isInstanceOf(Rejected.class);
    assertThat(classify(policy, fault(new SocketTimeoutException()))).isInstanceOf(Delivered.class);
    assertThat(classify(policy, fault(new SocketException())))
        .isEqualTo(new Throttled(Duration.ofSeconds(3), "no answer: reset", PauseScope.ACCOUNT));
    assertThat(classify(policy, fault(new IOException()))).isInstanceOf(Retry.class);
    assertThat(classify(policy, answer(500))).isInstanceOf(Retry.class);
  }

  @Test
  void any_is_every_fault_and_no_answer() {
    String policy = "outcomes: [{exception: any, outcome: rejected}]";
    assertThat(classify(policy, fault(new ConnectException()))).isInstanceOf(Rejected.class);
    assertThat(classify(policy, fault(new IllegalStateException()))).isInstanceOf(Rejected.class);
    assertThat(classify(policy, answer(500))).isInstanceOf(Retry.class);
  }

  @Test
  void a_rule_about_an_answer_does_not_match_a_fault() {
    for (String condition : List.of("status: 5xx", "header: {name: X}", "body: 'true'")) {
      String policy = "outcomes: [{" + condition + ", outcome: rejected}]";
      assertThat(classify(policy, fault(new ConnectException())))
          .as(condition)
          .isInstanceOf(Retry.class);
    }
  }

  @Test
  void a_rule_without_a_condition_matches_everything() {
    String policy = "outcomes: [{outcome: rejected}]";
    assertThat(classify(policy, answer(200))).isInstanceOf(Rejected.class);
    assertThat(classify(policy, fault(new ConnectException()))).isInstanceOf(Rejected.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"errors\":[{\"code\":\"LOCKED\"}]}",
        "{\"errors\":[{\"code\":\"X\"},{\"code\":\"LOCKED\"}]}"
      })
  void a_body_predicate_that_is_true_matches(String body) {
    String policy = "outcomes: [{body: 'any(.errors[]; .code == \"LOCKED\")', outcome: retry}]";
    assertThat(classify(policy, answer(200, body))).isInstanceOf(Retry.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"errors\":[{\"code\":\"X\"}]}",
        "{\"errors\":[]}",
        "{}",
        "{\"errors\":17}",
        "[]",
        "null",
        "",
        " ",
        "<html>",
        "{\"errors\":[{\"code\":\"LOCKED\"}"
      })
  void a_body_predicate_that_is_false_or_fails_does_not_match(String body) {
    String policy = "outcomes: [{body: 'any(.errors[]; .code == \"LOCKED\")', outcome: retry}]";
    assertThat(classify(policy, answer(200, body))).isInstanceOf(Delivered.class);
  }

  @Test
  void a_body_predicate_is_true_as_in_jq() {
    String policy = "outcomes: [{body: .flag, outcome: rejected}]";
    for (String truth : List.of("true", "0", "\"\"", "[]", "{}", "\"false\"")) {
      assertThat(classify(policy, answer(200, "{\"flag\":" + truth + "}")))
          .as(truth)
          .isInstanceOf(Rejected.class);
    }
    for (String untruth : List.of("false", "null")) {
      assertThat(classify(policy, answer(200, "{\"flag\":" + untruth + "}")))
          .as(untruth)
          .isInstanceOf(Delivered.class);
    }
  }

  @Test
  void only_the_objects_that_failed_are_tried_again() {
    String policy =
        STEADY
            + "outcomes: [{status: 207, failed: '.results[] | select(.ok|not).id', outcome: retry}]";
    String body = "{\"results\":[{\"id\":\"1\",\"ok\":true},{\"id\":\"2\",\"ok\":false}]}";
    assertThat(classify(policy, answer(207, body)))
        .isEqualTo(new Retry(Duration.ofSeconds(1), "status 207, failed: 2", List.of("2"), false));
  }

  @Test
  void only_the_objects_that_failed_are_rejected() {
    String policy = "outcomes: [{status: 207, failed: .bad, outcome: rejected}]";
    assertThat(classify(policy, answer(207, "{\"bad\":[\"3\",\"1\",\"3\"]}")))
        .isEqualTo(new Rejected("status 207, failed: 3, 1", List.of("3", "1")));
  }

  @Test
  void ids_may_be_numbers() {
    String policy = "outcomes: [{failed: '.bad[]', outcome: rejected}]";
    assertThat(classify(policy, answer(200, "{\"bad\":[2]}")))
        .isEqualTo(new Rejected("status 200, failed: 2", List.of("2")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"bad\":[]}", "{\"bad\":null}", "{}"})
  void where_no_object_failed_all_are_delivered(String body) {
    String policy = "outcomes: [{status: 207, failed: .bad, outcome: retry}]";
    assertThat(classify(policy, answer(207, body))).isEqualTo(new Delivered("status 207"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"errors\":\"all of it\"}", // the expression fails
        "{\"errors\":[{\"id\":\"someone else's\"}]}",
        "{\"errors\":[{\"id\":{\"no\":\"id\"}}]}",
        "not JSON",
        ""
      })
  void where_the_answer_does_not_say_which_object_failed_all_did(String body) {
    String policy = STEADY + "outcomes: [{status: 207, failed: '.errors[].id', outcome: retry}]";
    assertThat(classify(policy, answer(207, body)))
        .isEqualTo(new Retry(Duration.ofSeconds(1), "status 207", null, false));
  }

  @Test
  void an_object_that_was_not_sent_did_not_fail() {
    String policy = "outcomes: [{failed: '.bad[]', outcome: rejected}]";
    assertThat(classify(policy, answer(200, "{\"bad\":[\"other\",\"2\"]}")))
        .isEqualTo(new Rejected("status 200, failed: 2", List.of("2")));
  }

  @Test
  void what_two_rules_name_is_all_still_to_be_sent() {
    String policy =
        "outcomes: [{failed: '.retry[]', outcome: retry}, {failed: '.bad[]', outcome: rejected}]";
    assertThat(classify(policy, answer(200, "{\"retry\":[],\"bad\":[\"2\"]}")))
        .isEqualTo(new Rejected("status 200, failed: 2", List.of("2")));
    Outcome both = classify(policy, answer(200, "{\"retry\":[\"1\"],\"bad\":[\"2\"]}"));
    assertThat(((Retry) both).pending()).containsExactly("1", "2");
    assertThat(classify(policy, answer(200, "{\"retry\":[],\"bad\":[]}")))
        .isEqualTo(new Delivered("status 200"));
  }

  @Test
  void of_a_call_for_several_jobs_each_is_judged_by_its_own_objects() {
    Policy policy =
        policy(
            "outcomes: [{status: 200, failed: '.retry[]', outcome: retry}, {status: 200, failed: '.bad[]', outcome: rejected},"
                + " {status: 500, outcome: rejected}]");
    Answer answer = answer(200, "{\"retry\":[\"1\"],\"bad\":[\"2\",\"x\"]}");
    assertThat(classifier.classify(policy, answer, Classifier.Past.NONE, List.of("1")))
        .isInstanceOf(Retry.class);
    assertThat(classifier.classify(policy, answer, Classifier.Past.NONE, List.of("2")))
        .isEqualTo(new Rejected("status 200, failed: 2", List.of("2")));
    assertThat(classifier.classify(policy, answer, Classifier.Past.NONE, List.of("3")))
        .isEqualTo(new Delivered("status 200"));
    assertThat(classifier.classify(policy, answer(500, "oops"), Classifier.Past.NONE, List.of("3")))
        .isEqualTo(new Rejected("status 500", null));
  }

  @Test
  void of_many_objects_that_failed_the_reason_names_a_few() {
    List<String> ids = IntStream.range(0, 1000).mapToObj(String::valueOf).toList();
    String body = "[" + String.join(",", ids) + "]";
    Outcome outcome =
        classify(
            "outcomes: [{failed: '.[]', outcome: rejected}]",
            new Answer(200, Answer.Headers.NONE, body, null, ids),
            0);
    assertThat(outcome.reason()).isEqualTo("status 200, failed: 0, 1, 2, 3, 4 and 995 more");
    assertThat(((Rejected) outcome).pending()).hasSize(1000);
  }

  @Test
  void a_pause_stops_the_account_until_an_operator_resumes_it() {
    assertThat(classify("outcomes: [{status: 401, outcome: pause}]", answer(401)))
        .isEqualTo(new Pause(PauseScope.ACCOUNT, null, "status 401"));
  }

  @Test
  void a_pause_may_stop_the_whole_connector() {
    assertThat(classify("outcomes: [{status: 503, outcome: pause, scope: connector}]", answer(503)))
        .isEqualTo(new Pause(PauseScope.CONNECTOR, null, "status 503"));
  }

  @Test
  void a_pause_lasts_as_long_as_the_rule_says_and_else_as_retry_after_says() {
    Answer answer = answer(503, "Retry-After", "30");
    assertThat(classify("outcomes: [{status: 503, outcome: pause}]", answer))
        .isEqualTo(new Pause(PauseScope.ACCOUNT, Duration.ofSeconds(30), "status 503"));
    assertThat(classify("outcomes: [{status: 503, outcome: pause, for: 2m}]", answer))
        .isEqualTo(new Pause(PauseScope.ACCOUNT, Duration.ofMinutes(2), "status 503"));
    assertThat(classify("retryAfterMost: 5s\noutcomes: [{status: 503, outcome: pause}]", answer))
        .isEqualTo(new Pause(PauseScope.ACCOUNT, Duration.ofSeconds(5), "status 503"));
  }

  @Test
  void a_rule_s_own_time_comes_before_retry_after() {
    Answer answer = answer(429, "Retry-After", "30");
    assertThat(classify("outcomes: [{status: 429, outcome: throttled, for: 5s}]", answer))
        .isEqualTo(new Throttled(Duration.ofSeconds(5), "status 429", PauseScope.ACCOUNT));
    assertThat(classify("outcomes: [{status: 429, outcome: retry, for: 5s}]", answer))
        .isEqualTo(new Retry(Duration.ofSeconds(5), "status 429", null, false));
  }

  @Test
  void a_rule_may_have_a_backoff_of_its_own() {
    String policy =
        STEADY
            + "outcomes: [{status: 409, outcome: retry, retry: {backoff: fixed, first: 9s, jitter: 0}}]";
    assertThat(after(classify(policy, answer(409), 4)).toSeconds()).isEqualTo(9);
    assertThat(after(classify(policy, answer(500), 4)).toSeconds()).isEqualTo(16);
  }

  @Test
  void what_the_schema_calls_the_defaults_written_out_is_what_happens_without_a_policy()
      throws IOException {
    String shipped = Files.readString(Path.of("connectors/http-connector.connector.yaml"));
    assertThat(policy(shipped)).isEqualTo(Policy.DEFAULT);
  }

  private static Duration after(Outcome outcome) {
    return outcome instanceof Retry retry ? retry.after() : ((Throttled) outcome).after();
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void by_default_wrong_credentials_stop_the_account(int status) {
    assertThat(classify(STEADY, answer(status)))
        .isEqualTo(
            new Pause(
                PauseScope.ACCOUNT, null, "status " + status + ": are its credentials right?"));
  }

  @Test
  void being_throttled_again_and_again_without_a_word_of_when_makes_the_wait_longer() {
    assertThat(
            IntStream.range(0, 4)
                .mapToObj(past -> ((Throttled) classify(STEADY, answer(429), past)).after()))
        .extracting(Duration::toSeconds)
        .containsExactly(1L, 2L, 4L, 8L);
  }

  @Test
  void a_throttled_rule_may_stop_the_whole_connector() {
    String policy = "outcomes: [{status: 503, outcome: throttled, scope: connector, for: 2s}]";
    assertThat(classify(policy, answer(503)))
        .isEqualTo(new Throttled(Duration.ofSeconds(2), "status 503", PauseScope.CONNECTOR));
  }

  @Test
  void the_policy_gives_up_after_its_attempts() {
    assertThat(((Retry) classify("retry: {attempts: 3}", answer(500), 1)).exhausted()).isFalse();
    assertThat(((Retry) classify("retry: {attempts: 3}", answer(500), 2)).exhausted()).isTrue();
  }

  @Test
  void a_rule_gives_up_after_its_own_attempts() {
    String policy =
        "retry: {attempts: 3}\noutcomes: [{status: 409, outcome: retry, retry: {attempts: 5}}]";
    assertThat(((Retry) classify(policy, answer(409), 3)).exhausted()).isFalse();
    assertThat(((Retry) classify(policy, answer(409), 4)).exhausted()).isTrue();
  }

  @Test
  void a_rule_gives_up_after_its_own_time() {
    Policy policy = policy("outcomes: [{status: 409, outcome: retry, retry: {within: 1m}}]");
    Classifier.Past minute = new Classifier.Past(1, NOW.minusSeconds(60), 0);
    Classifier.Past less = new Classifier.Past(1, NOW.minusSeconds(59), 0);
    assertThat(((Retry) classifier.classify(policy, answer(409), minute)).exhausted()).isTrue();
    assertThat(((Retry) classifier.classify(policy, answer(409), less)).exhausted()).isFalse();
    assertThat(((Retry) classifier.classify(policy, answer(500), minute)).exhausted()).isFalse();
  }

  private Outcome classify(String policy, Answer answer) {
    return classify(policy, answer, 0);
  }

  private Outcome classify(String policy, Answer answer, int failures) {
    return classifier.classify(
        policy(policy), answer, new Classifier.Past(failures, null, failures));
  }

  private Policy policy(String yaml) {
    Path path = folder.resolve("test.connector.yaml");
    try {
      Files.writeString(path, yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Fault> faults = new ArrayList<>();
    YamlFile file = YamlFile.read(path, faults).orElseThrow();
    faults.addAll(file.check(SchemaFault.schema("connector.schema.json")));
    Policy policy = new PolicyReader(file, faults).read();
    assertThat(faults).isEmpty();
    return policy;
  }

  private static Answer answer(int status) {
    return answer(status, Map.of(), "");
  }

  private static Answer answer(int status, String body) {
    return answer(status, Map.of(), body);
  }

  private static Answer answer(int status, String header, String value) {
    return answer(status, Map.of(header, value), "");
  }

  private static Answer answer(int status, String header, String value, String body) {
    return answer(status, Map.of(header, value), body);
  }

  private static Answer answer(@Nullable Integer status, Map<String, String> headers, String body) {
    return new Answer(status, Answer.Headers.of(headers), body, null, List.of("1", "2", "3"));
  }

  private static Answer fault(Throwable fault) {
    return new Answer(null, Answer.Headers.NONE, "", fault, List.of("1", "2", "3"));
  }
}
