package io.egression.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleMetadataApiTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private final SampleCatalogue catalogue = SampleCatalogue.load();
  private final SampleMetadataApi api = new SampleMetadataApi(catalogue);

  @AfterEach
  void stop() {
    api.close();
  }

  @Test
  void each_of_the_193_objects_is_found_by_its_percent_encoded_id() throws Exception {
    int found = 0;
    for (Map.Entry<String, List<String>> type : catalogue.idsByType().entrySet()) {
      for (String id : type.getValue()) {
        HttpResponse<String> answer =
            get(pathOf(type.getKey(), id) + "?subscription=nordwind&channel=webshop-de");
        assertThat(answer.statusCode()).as(id).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(catalogue.find(type.getKey(), id).orElseThrow());
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        found++;
      }
    }
    assertThat(found).isEqualTo(193);
  }

  @Test
  void every_object_has_its_own_weak_etag_and_keeps_it() throws Exception {
    Set<String> tags = new HashSet<>();
    for (String id : catalogue.idsByType().get("product")) {
      String tag = etag(pathOf("product", id));
      assertThat(tag).matches("W/\"[0-9a-f]+\"").isEqualTo(etag(pathOf("product", id)));
      tags.add(tag);
    }
    assertThat(tags).hasSize(60);
  }

  @Test
  void the_ids_of_a_type_are_listed() throws Exception {
    JsonNode listing = new JsonMapper().readTree(get("/product?subscription=a&channel=b").body());
    assertThat(listing.get("ids"))
        .extracting(JsonNode::asText)
        .containsExactlyElementsOf(catalogue.idsByType().get("product"));
    assertThat(listing.has("next")).isFalse();
  }

  @Test
  void a_plus_sign_in_the_path_means_itself() throws Exception {
    assertThat(get("/product/ET+Dichtung%2F7").statusCode()).isEqualTo(200);
    assertThat(get("/product/A+12%2F34").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/product/A%2012%2F35",
        "/product/A%252012%252F34",
        "/product/A%2012/34",
        "/product/A%2012%2F34/",
        "/order/A%2012%2F34",
        "/product/",
        "/order",
        "/"
      })
  void what_does_not_exist_is_answered_with_a_404_problem(String path) throws Exception {
    HttpResponse<String> answer = get(path);
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = new JsonMapper().readTree(answer.body());
    assertThat(problem.path("title").textValue()).isEqualTo("Not Found");
    assertThat(problem.path("status").intValue()).isEqualTo(404);
    assertThat(problem.path("detail").textValue()).contains(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "HEAD"})
  void any_method_but_get_is_answered_with_405(String method) throws Exception {
    HttpResponse<String> answer =
        send(request("/product/A%2012%2F34").method(method, BodyPublishers.noBody()));
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("GET");
  }

  @Test
  void it_listens_on_the_loopback_interface_until_it_is_closed() {
    assertThat(api.uri().getHost()).isEqualTo("127.0.0.1");
    api.close();
    assertThatThrownBy(() -> get("/")).isInstanceOf(ConnectException.class);
  }

  private String etag(String path) throws Exception {
    return get(path).headers().firstValue("ETag").orElseThrow();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(api.uri() + path));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static String pathOf(String type, String id) {
    return "/" + type + "/" + URLEncoder.encode(id, UTF_8).replace("+", "%20");
  }
}
