package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a request may take, and what every answer forbids a browser. */
class RequestLimitsIT {
  private static final int RATE = 40;
  private static TestHub hub;
  private static String other;

  @BeforeAll
  static void start() {
    hub =
        TestHub.prepare()
            .with("egression.http.rate", String.valueOf(RATE))
            .with("egression.http.body-timeout", "1")
            .start();
    other = TestKey.of(hub, "viewer");
  }

  @AfterAll
  static void stop() {
    hub.close();
  }

  private static HttpRequest.Builder asOther(String path) {
    return HttpRequest.newBuilder(hub.uri(path)).header("Authorization", "Bearer " + other);
  }

  @Test
  void a_key_that_asks_too_often_is_put_off_and_another_is_not() {
    String busy = TestKey.of(hub, "viewer");
    List<HttpResponse<String>> answers = new ArrayList<>();
    for (int i = 0; i < 4 * RATE; i++) {
      answers.add(
          TestHub.send(
              HttpRequest.newBuilder(hub.uri("/v1/keys"))
                  .header("Authorization", "Bearer " + busy)
                  .build()));
    }
    List<HttpResponse<String>> refused =
        answers.stream().filter(answer -> answer.statusCode() == 429).toList();
    assertThat(refused).isNotEmpty();
    assertThat(answers.size() - refused.size()).isGreaterThanOrEqualTo(RATE);
    assertThat(refused.get(0).headers().firstValue("Retry-After")).hasValue("1");
    Problems.assertThatIs(refused.get(0), 429, "too-many-requests");
    assertThat(TestHub.send(asOther("/v1/jobs").build()).statusCode()).isEqualTo(200);
  }

  @Test
  void more_than_sixty_headers_are_refused() {
    HttpRequest.Builder request = asOther("/v1/jobs");
    for (int i = 0; i < 70; i++) {
      request.header("X-" + i, "x");
    }
    Problems.assertThatIs(TestHub.send(request.build()), 431, "too-many-headers");
  }

  @Test
  void headers_and_lines_that_are_too_long_are_refused() {
    String head = "GET %s HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n%s\r\n";
    assertThat(RawHttp.ask(hub, head.formatted("/health", "X: " + "x".repeat(20_000) + "\r\n")))
        .startsWith("HTTP/1.1 4");
    assertThat(RawHttp.ask(hub, head.formatted("/health?" + "x".repeat(20_000), "")))
        .startsWith("HTTP/1.1 4");
  }

  @Test
  void a_body_that_drips_is_not_waited_for() throws Exception {
    try (Socket socket = new Socket(hub.uri("").getHost(), hub.uri("").getPort())) {
      socket.setSoTimeout(10_000);
      String head =
          "POST /v1/jobs HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer "
              + hub.key()
              + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 408 ").contains("too-slow");
    }
    assertThat(hub.get("/v1/accounts").statusCode()).isEqualTo(200);
  }

  @Test
  void every_answer_has_the_security_headers_and_no_origin_is_allowed() {
    List<HttpRequest> requests =
        List.of(
            asOther("/v1/jobs").build(),
            asOther("/v1/nothing").build(),
            asOther("/v1/jobs/x").build(),
            asOther("/v1/openapi.yaml").build(),
            HttpRequest.newBuilder(hub.uri("/health")).build(),
            HttpRequest.newBuilder(hub.uri("/v1/jobs")).build(),
            HttpRequest.newBuilder(hub.uri("/v1/jobs"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Access-Control-Request-Method", "POST")
                .build());
    for (HttpRequest request : requests) {
      HttpRequest fromElsewhere =
          HttpRequest.newBuilder(request, (name, value) -> true)
              .header("Origin", "https://evil.example")
              .build();
      HttpResponse<String> answer = TestHub.send(fromElsewhere);
      assertThat(answer.headers().map().keySet())
          .as(request.toString())
          .noneMatch(name -> name.startsWith("access-control"));
      assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
      assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
      assertThat(answer.headers().firstValue("Referrer-Policy")).hasValue("no-referrer");
      assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
          .contains("default-src 'none'")
          .contains("frame-ancestors 'none'");
    }
  }
}
