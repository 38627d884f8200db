package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches that come line by line. */
class NdjsonIT {
  private static final String BATCH = "{\"subscription\":\"acme\",\"source\":\"test\"}\n";

  private static StubServer shop;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .with("egression.http.max-body", "10000")
            .with("egression.http.body-timeout", "5")
            .accounts(
                "acme",
                TestHub.account("shop", shop, "payload: reference"),
                TestHub.account("wide", shop, "payload: reference", "partitionBy: object"))
            .accounts("globex", TestHub.account("shop", shop, "payload: reference"))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
  }

  private static String job(String channel, String id) {
    return "{\"channel\":\"%s\",\"action\":\"update\",\"objectType\":\"product\",\"objectIds\":[\"%s\"]}\n"
        .formatted(channel, id);
  }

  private static String jobs(String channel, String prefix, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(n -> job(channel, prefix + n))
        .collect(Collectors.joining());
  }

  private static HttpRequest.Builder request() {
    return hub.request("/v1/batches").setHeader("Content-Type", "application/x-ndjson");
  }

  private static HttpResponse<String> send(String body, String... headers) {
    HttpRequest.Builder request = request().POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return TestHub.send(request.build());
  }

  private static long accepted(String prefix) {
    return hub.number("SELECT count(*) FROM job WHERE object_ids[1] LIKE '" + prefix + "%'");
  }

  @Test
  void of_any_length_they_are_accepted_in_order_and_sealed_at_the_end() {
    HttpResponse<String> answer = send(BATCH + jobs("shop", "o", 0, 2_000));
    assertThat(answer.statusCode()).isEqualTo(201);
    JsonNode batch = hub.json(answer);
    assertThat(batch.get("lines").asInt()).isEqualTo(2_000);
    assertThat(batch.at("/batch/state").asText()).isEqualTo("sealed");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                hub.number(
                        "SELECT count(*) FROM job WHERE object_ids[1] LIKE 'o%' AND state = 'delivered'")
                    == 2_000);
    assertThat(
            shop.calls().stream().map(StubServer.Call::objectId).filter(id -> id.startsWith("o")))
        .containsExactlyElementsOf(IntStream.range(0, 2_000).mapToObj(n -> "o" + n).toList());
  }

  @Test
  void they_are_accepted_while_others_are_still_to_come_and_a_batch_that_breaks_off_goes_on()
      throws IOException {
    String all = BATCH + jobs("wide", "cut", 0, 1_300);
    String begin = all.substring(0, all.indexOf("cut1200"));
    String head =
        "POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nIdempotency-Key: cut\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n"
            .formatted(hub.key(), all.length());
    try (Socket socket = new Socket(hub.uri("/").getHost(), hub.uri("/").getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write((head + begin).getBytes(StandardCharsets.UTF_8));
      out.flush();
      await().until(() -> accepted("cut") >= 1_000);
    }
    String id =
        UUID.nameUUIDFromBytes("acme\ntest\ncut".getBytes(StandardCharsets.UTF_8)).toString();
    JsonNode open = hub.json(hub.get("/v1/batches/" + id));
    assertThat(open.at("/batch/state").asText()).isEqualTo("open");
    for (int time = 0; time < 2; time++) {
      HttpResponse<String> answer = send(all, "Idempotency-Key", "cut");
      assertThat(answer.statusCode()).isEqualTo(201);
      assertThat(hub.json(answer).at("/batch/id").asText()).isEqualTo(id);
      assertThat(hub.json(answer).at("/batch/state").asText()).isEqualTo("sealed");
      assertThat(accepted("cut")).isEqualTo(1_300);
    }
  }

  @Test
  void what_comes_before_a_line_that_is_not_right_stays_and_all_can_be_sent_again() {
    String wrong =
        BATCH + jobs("shop", "w", 0, 700) + "{\"channel\":\"shop\"}\n" + job("shop", "w701");
    HttpResponse<String> answer = send(wrong, "Idempotency-Key", "wrong");
    assertThat(answer.statusCode()).isEqualTo(422);
    JsonNode problem = hub.json(answer);
    assertThat(problem.get("errors").findValuesAsText("pointer")).contains("/702/objectIds");
    assertThat(problem.get("detail").asText()).contains("which is open");
    assertThat(accepted("w")).isEqualTo(700);
    String right = wrong.replace("{\"channel\":\"shop\"}\n", job("shop", "w700"));
    assertThat(send(right, "Idempotency-Key", "wrong").statusCode()).isEqualTo(201);
    assertThat(accepted("w")).isEqualTo(702);
    String other = right.replace("\"w3\"", "\"x3\"");
    HttpResponse<String> conflict = send(other, "Idempotency-Key", "wrong");
    assertThat(conflict.statusCode()).isEqualTo(409);
    assertThat(hub.json(conflict).at("/errors/0/pointer").asText()).isEqualTo("/5/idempotencyKey");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | /1 | is missing",
        "[] | /1 | must be an object",
        "{\"subscription\":\"acme\",\"source\":\"t\",\"jobs\":[]} | /1/jobs | each job has a line of its own",
        "{\"subscription\":\"nobody\",\"source\":\"t\"}\\n{\"action\":\"update\",\"objectType\":\"product\",\"objectIds\":[\"1\"]} | /2/subscription | there is no subscription",
        "{\"subscription\":\"acme\",\"source\":\"t\"}\\n\\n{oops | /3 | is not valid JSON",
        "{\"subscription\":\"acme\",\"source\":\"t\"}\\n17 | /2 | must be",
      })
  void bad_lines_are_named(String body, String pointer, String detail) {
    HttpResponse<String> answer = send(body.replace("\\n", "\n"));
    assertThat(answer.statusCode()).isEqualTo(422);
    JsonNode fault = hub.json(answer).at("/errors/0");
    assertThat(fault.get("pointer").asText())
        .isEqualTo(pointer.equals("/1") && body.equals("[]") ? "" : pointer);
    assertThat(fault.get("detail").asText()).contains(detail);
  }

  @Test
  void a_line_has_a_longest() {
    HttpResponse<String> answer = send(BATCH + job("shop", "x".repeat(1 << 20)));
    assertThat(answer.statusCode()).isEqualTo(422);
    assertThat(hub.json(answer).at("/errors/0/detail").asText()).contains("is longer than 1048576");
  }

  @Test
  void a_body_that_stops_coming_is_given_up_and_told_so() throws IOException {
    String head =
        "POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: 5000\r\n\r\n"
            .formatted(hub.key());
    try (Socket socket = new Socket(hub.uri("/").getHost(), hub.uri("/").getPort())) {
      socket.setSoTimeout(30_000);
      socket
          .getOutputStream()
          .write((head + BATCH + job("shop", "stops")).getBytes(StandardCharsets.UTF_8));
      socket.getOutputStream().flush();
      byte[] answer = new byte[12];
      assertThat(socket.getInputStream().readNBytes(answer, 0, 12)).isEqualTo(12);
      assertThat(new String(answer, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 408");
    }
  }

  @Test
  void it_takes_a_key_for_the_subscription() {
    String made =
        hub.json(
                hub.post(
                    "/v1/keys",
                    "{\"name\":\"other\",\"role\":\"producer\",\"subscriptions\":[\"globex\"]}"))
            .get("key")
            .asText();
    HttpRequest request =
        request()
            .setHeader("Authorization", "Bearer " + made)
            .POST(HttpRequest.BodyPublishers.ofString(BATCH + job("shop", "foreign")))
            .build();
    assertThat(TestHub.send(request).statusCode()).isEqualTo(422);
    assertThat(accepted("foreign")).isZero();
    assertThat(List.of(send(BATCH, "Idempotency-Key", "empty").statusCode())).containsExactly(201);
  }
}
