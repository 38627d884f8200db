package io.egression;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the Metadata API may answer, and what becomes of the job. */
class MetadataAnswersIT {
  private static final int MOST = 100_000;
  private static final Duration SOON = Duration.ofSeconds(60);

  private static StubServer metadata;
  private static StubServer channel;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    metadata = new StubServer(call -> Answer.of(200));
    channel = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .with("egression.metadata.max-body", String.valueOf(MOST))
            .with("egression.metadata.timeout", "2")
            .with("egression.metadata.user", "hüb")
            .with("egression.metadata.password", "se:cret")
            .accounts("acme", TestHub.account("shop", channel, "partitionBy: object"))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    channel.close();
    metadata.close();
  }

  @BeforeEach
  void reset() {
    channel.calls().clear();
    metadata.calls().clear();
  }

  @AfterEach
  void recover() {
    metadata.behave(call -> Answer.json("{}"));
    hub.awaitAllFinal(SOON);
  }

  // ---- an outage: the job waits, says why, and is delivered when it is over

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 | '' | its answer for 1 is empty",
        "200 | '  ' | its answer for 1 is empty",
        "200 | <html>Sign in</html> | its answer for 1 is not JSON",
        "200 | {\"name\":\"cut o | its answer for 1 is not JSON",
        "200 | {} {} | its answer for 1 is not JSON",
        "204 | '' | status 204",
        "304 | '' | status 304",
        "302 | {} | status 302",
        "400 | {} | status 400",
        "401 | {} | status 401: it does not take the hub's credentials",
        "403 | {} | status 403: it does not take the hub's credentials",
        "429 | {} | status 429",
        "500 | {} | status 500",
        "503 | {} | status 503"
      })
  void an_answer_that_is_none_delays_the_job_which_says_why(
      int status, String body, String reason) {
    metadata.behave(
        call -> new Answer(status, Map.of("Location", metadata.url() + "/elsewhere"), body));
    String id = submit("1");
    awaitReason(id, reason);
    assertThat(metadata.calls()).noneMatch(call -> call.uri().getPath().equals("/elsewhere"));
    assertThat(channel.calls()).isEmpty();

    metadata.behave(call -> Answer.json("{\"name\":\"back\"}"));
    JsonNode job = hub.await(id, "delivered");
    assertThat(job.get("attempts")).hasSize(1);
    assertThat(channel.calls().get(0).json().at("/objects/0/body/name").asText()).isEqualTo("back");
  }

  @Test
  void an_answer_that_drips_in_ends_at_the_deadline_and_delays_the_job() {
    CountDownLatch over = new CountDownLatch(1);
    AtomicLong dripped = new AtomicLong();
    metadata.behave(
        call ->
            Answer.stream(
                Map.of(),
                out -> {
                  out.write('{');
                  while (!over.await(100, TimeUnit.MILLISECONDS)) {
                    out.write(' ');
                    out.flush();
                    dripped.incrementAndGet();
                  }
                }));
    long asked = System.nanoTime();
    String id = submit("1");
    awaitReason(id, "no answer: timeout");
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(8));
    assertThat(dripped).as("no socket timeout struck").hasValueGreaterThan(10);
    over.countDown();
  }

  @Test
  void an_answer_that_is_cut_off_delays_the_job() {
    metadata.behave(
        call ->
            Answer.stream(
                Map.of("Content-Length", "1000"), out -> out.write("{}".getBytes(UTF_8))));
    awaitReason(submit("1"), "no answer: reset");
  }

  @Test
  void while_it_asks_to_be_left_alone_no_job_asks_it() {
    metadata.behave(call -> Answer.of(503, "Retry-After", "4"));
    String first = submit("first");
    awaitReason(first, "status 503, it asks to be left alone for 4 s");
    long refused = System.nanoTime();
    String second = submit("second");
    awaitReason(second, "status 503, it asks to be left alone for 4 s");
    assertThat(metadata.calls()).hasSize(1);

    metadata.behave(call -> Answer.json("{}"));
    hub.await(first, "delivered");
    hub.await(second, "delivered");
    assertThat(Duration.ofNanos(System.nanoTime() - refused)).isGreaterThan(Duration.ofSeconds(3));
  }

  // ---- wrong for this one object: asking again would not help

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"[{}]", "[]", "\"text\"", "17", "null"})
  void an_answer_that_is_no_object_makes_the_job_dead(String body) {
    metadata.behave(call -> Answer.json(body));
    String id = submit("1");
    assertThat(hub.await(id, "dead").get("reason").asText())
        .isEqualTo("the Metadata API's answer for 1 is not a JSON object");
    assertThat(metadata.calls()).hasSize(1);
  }

  @Test
  void an_answer_that_nests_too_deep_makes_the_job_dead() {
    metadata.behave(call -> Answer.json("{\"a\":" + "[".repeat(2000) + "]".repeat(2000) + "}"));
    assertThat(hub.await(submit("1"), "dead").get("reason").asText())
        .isEqualTo(
            "the Metadata API's answer for 1 nests too deep, or has too long a name or number");
  }

  @Test
  void an_answer_of_the_largest_size_is_taken_and_one_byte_more_makes_the_job_dead() {
    metadata.behave(call -> Answer.json(object(MOST)));
    hub.await(submit("largest"), "delivered");
    assertThat(channel.calls().get(0).json().at("/objects/0/body/name").asText())
        .hasSize(MOST - "{\"name\":\"\"}".length());

    metadata.behave(call -> Answer.json(object(MOST + 1)));
    assertTooBig(submit("larger"));
  }

  @Test
  void an_endless_answer_is_not_read_to_its_end_and_makes_the_job_dead() {
    AtomicLong written = new AtomicLong();
    metadata.behave(call -> Answer.stream(Map.of(), out -> writeEndlessly(out, written)));
    assertTooBig(submit("endless"));
    assertThat(metadata.calls()).hasSize(1);
    await().atMost(SOON).untilAsserted(() -> assertThat(written).hasNegativeValue()); // cut off
  }

  @Test
  void a_packed_answer_is_unpacked_and_the_limit_holds_for_what_it_unpacks_to() {
    metadata.behave(call -> packed(object(MOST - 1)));
    hub.await(submit("packed"), "delivered");
    assertThat(metadata.calls().get(0).header("Accept-Encoding")).contains("gzip");

    metadata.behave(call -> packed(object(50 * MOST)));
    assertTooBig(submit("bomb"));
  }

  @Test
  void the_objects_of_one_job_are_bounded_together() {
    metadata.behave(call -> Answer.json(object(MOST)));
    String job =
        TestHub.job("acme", "whole", "product", "1")
            .replace("[\"1\"]", "[\"1\",\"2\",\"3\",\"4\"]");
    try (TestHub other = other("acme", TestHub.account("whole", channel))) {
      other.await(other.submit(job).get(0), "delivered");
      String more = job.replace("\"4\"", "\"4\",\"5\",\"6\"");
      assertThat(other.await(other.submit(more).get(0), "dead").get("reason").asText())
          .isEqualTo("its objects together are larger than 4 times egression.metadata.max-body");
    }
  }

  // ---- the hub's own credentials

  @Test
  void user_and_password_are_sent_and_go_nowhere_else() {
    metadata.behave(call -> Answer.json("{}"));
    hub.await(submit("1"), "delivered");
    assertThat(metadata.calls().get(0).header("Authorization")).isEqualTo("Basic aMO8YjpzZTpjcmV0");
    assertThat(channel.calls().get(0).header("Authorization")).isNull();
  }

  @Test
  void a_token_is_sent_as_a_bearer_s() {
    metadata.behave(
        call -> Answer.of("Bearer t0ken".equals(call.header("Authorization")) ? 200 : 401));
    try (TestHub other = other("acme", TestHub.account("shop", channel))) {
      other.await(other.submit(TestHub.job("acme", "shop", "product", "1")).get(0), "delivered");
    }
  }

  private static TestHub other(String subscription, String account) {
    return TestHub.prepare()
        .metadata(metadata)
        .with("egression.metadata.token", "t0ken")
        .with("egression.metadata.max-body", String.valueOf(MOST))
        .accounts(subscription, account)
        .start();
  }

  // ---- helpers

  private static String submit(String object) {
    return hub.submit(TestHub.job("acme", "shop", "product", object)).get(0);
  }

  private static void awaitReason(String id, String reason) {
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(hub.job(id).at("/waitsFor/text").asText())
                    .contains("Metadata API: " + reason));
    assertThat(hub.job(id).get("attempts")).isEmpty();
  }

  private static void assertTooBig(String id) {
    assertThat(hub.await(id, "dead").get("reason").asText())
        .endsWith("is larger than " + MOST + " bytes");
  }

  /** A JSON object of so many bytes. */
  private static String object(int size) {
    return "{\"name\":\"" + "x".repeat(size - "{\"name\":\"\"}".length()) + "\"}";
  }

  private static Answer packed(String body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(body.getBytes(UTF_8));
    }
    return Answer.stream(Map.of("Content-Encoding", "gzip"), out -> out.write(bytes.toByteArray()));
  }

  /** Until the connection is closed, which the count's sign says. */
  private static void writeEndlessly(OutputStream out, AtomicLong written) throws IOException {
    byte[] chunk = "x".repeat(64 * 1024).getBytes(UTF_8);
    try {
      out.write("{\"name\":\"".getBytes(UTF_8));
      while (true) {
        out.write(chunk);
        written.addAndGet(chunk.length);
      }
    } finally {
      written.set(-written.get() - 1);
    }
  }
}
