package io.egression.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Talks to a hub over its API. */
final class HubClient {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient http;
  private final URI hub;
  private final String key;

  /**
   * @param trusted null: what the JDK trusts
   */
  HubClient(URI hub, String key, @Nullable SSLContext trusted) {
    HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10));
    if (trusted != null) {
      client.sslContext(trusted);
    }
    this.http = client.build();
    this.hub = hub;
    this.key = key;
  }

  /** One part of a path, or of a query. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Those of the parameters that are given, as a query. */
  static String query(Map<String, String> parameters) {
    String query =
        parameters.entrySet().stream()
            .map(each -> each.getKey() + "=" + encoded(each.getValue()))
            .collect(Collectors.joining("&"));
    return query.isEmpty() ? "" : "?" + query;
  }

  JsonNode get(String path) {
    return ask(request(path).GET());
  }

  JsonNode post(String path, String body) {
    return post(path, body, null);
  }

  JsonNode post(String path, String body, @Nullable String idempotencyKey) {
    HttpRequest.Builder request = request(path).header("Content-Type", "application/json");
    if (idempotencyKey != null) {
      request.header("Idempotency-Key", idempotencyKey);
    }
    return ask(request.POST(BodyPublishers.ofString(body)));
  }

  JsonNode delete(String path) {
    return ask(request(path).DELETE());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(hub + path))
        .timeout(PATIENCE)
        .header("Authorization", "Bearer " + key);
  }

  private JsonNode ask(HttpRequest.Builder request) {
    HttpResponse<String> answer;
    try {
      answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new CommandFault(CommandFault.HUB, "no hub answers at " + hub + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFault(CommandFault.HUB, "interrupted");
    }
    if (answer.statusCode() >= 300) {
      throw new CommandFault(exitCode(answer.statusCode()), problem(answer));
    }
    return read(answer.body());
  }

  private JsonNode read(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new CommandFault(CommandFault.HUB, "what answers at " + hub + " is no hub");
    }
  }

  private static int exitCode(int status) {
    return switch (status) {
      case 401, 403 -> CommandFault.FORBIDDEN;
      case 404 -> CommandFault.MISSING;
      default -> status < 500 ? CommandFault.REFUSED : CommandFault.HUB;
    };
  }

  /** A problem document as a person reads it. */
  private static String problem(HttpResponse<String> answer) {
    try {
      JsonNode problem = JSON.readTree(answer.body());
      StringBuilder text = new StringBuilder(problem.path("title").asText("the hub answered"));
      text.append(" (").append(answer.statusCode()).append(')');
      if (problem.has("detail")) {
        text.append("\n  ").append(problem.get("detail").asText());
      }
      for (JsonNode fault : problem.path("errors")) {
        String where = fault.path("pointer").asText(fault.path("parameter").asText());
        text.append("\n  ").append(where).append(": ").append(fault.path("detail").asText());
      }
      return text.toString();
    } catch (JsonProcessingException e) {
      return "the hub answered " + answer.statusCode();
    }
  }
}
