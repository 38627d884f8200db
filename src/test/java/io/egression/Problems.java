package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;

/** Checks problem documents (RFC 9457). */
final class Problems {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Problems() {}

  /** The document, which is whole and shows nothing of the inside. */
  static JsonNode assertThatIs(HttpResponse<String> answer, int status, String name) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    assertThat(answer.body()).doesNotContain("Exception", "\tat ", "io.egression", "org.apache");
    try {
      JsonNode problem = JSON.readTree(answer.body());
      assertThat(problem.get("status").asInt()).isEqualTo(status);
      assertThat(problem.get("type").asText()).isEqualTo("urn:egression:problem:" + name);
      assertThat(problem.get("title").asText()).isNotBlank();
      return problem;
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON: " + answer.body(), e);
    }
  }
}
