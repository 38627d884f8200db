package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/** What every route and Kamelet in this repository keeps to; SECURITY.md says why. */
class ShippedFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonSchema CAMEL = camelSchema();

  static Stream<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String folder : List.of("routes", "connectors")) {
      try (Stream<Path> found = Files.list(Path.of(folder))) {
        found
            .filter(file -> file.toString().matches(".*\\.(camel|kamelet)\\.yaml"))
            .forEach(files::add);
      }
    }
    return files.stream().sorted();
  }

  @Test
  void there_are_routes_and_kamelets() throws IOException {
    assertThat(files().map(file -> file.getParent().toString())).contains("routes", "connectors");
  }

  @ParameterizedTest
  @MethodSource("files")
  void no_call_follows_redirects_or_repeats_itself(Path file) throws IOException {
    for (JsonNode endpoint : endpoints(file)) {
      String uri = endpoint.get("uri").asText();
      // An address from settings or parameters is an HTTP address.
      // Any endpoint at all may be endpoint-connector's: the hub's HTTP components see to it there.
      if (isHttp(uri)) {
        JsonNode parameters = endpoint.path("parameters");
        assertThat(parameters.path("followRedirects").asText()).as(uri).isEqualTo("false");
        // Not an endpoint's option: it would be sent on in the query. The hub sets it for all.
        assertThat(parameters.has("automaticRetriesDisabled")).as(uri).isFalse();
        assertThat(parameters.path("copyHeaders").asText()).as(uri).isEqualTo("false");
      }
    }
  }

  /** {{uri}} is the endpoint-connector's, of any component. */
  private static boolean isHttp(String uri) {
    return uri.startsWith("http") || (uri.startsWith("{{") && !uri.equals("{{uri}}"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void every_call_of_a_kamelet_goes_through_its_account_s_own_client(Path file) throws IOException {
    if (file.toString().endsWith(".kamelet.yaml")) {
      for (JsonNode endpoint : endpoints(file)) {
        String uri = endpoint.get("uri").asText();
        if (isHttp(uri)) {
          assertThat(endpoint.path("parameters").path("httpClientConfigurer").asText())
              .as(uri)
              .isEqualTo("#client/{{routeId}}");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void no_path_matches_by_its_beginning_and_no_origin_is_allowed(Path file) throws IOException {
    assertThat(Files.readString(file))
        .doesNotContainIgnoringCase("matchOnUriPrefix")
        .doesNotContainIgnoringCase("cors");
  }

  @ParameterizedTest
  @MethodSource("files")
  void a_file_says_what_it_is_for_and_a_route_is_named_like_its_file(Path file) throws IOException {
    assertThat(Files.readString(file)).startsWith("# ");
    String id = file.getFileName().toString().replaceFirst("\\..*", "");
    for (String kind : List.of("route", "routeTemplate")) {
      for (JsonNode route : tree(file).findValues(kind)) {
        assertThat(route.path("id").asText()).isEqualTo(id);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void a_file_is_what_camel_s_schema_allows(Path file) throws IOException {
    JsonNode routes = file.toString().endsWith(".kamelet.yaml") ? template(file) : tree(file);
    assertThat(CAMEL.validate(routes)).as(file.toString()).isEmpty();
  }

  @Test
  void camel_s_schema_finds_a_misspelt_word() throws IOException {
    String route = Files.readString(Path.of("routes/enrich.camel.yaml"));
    Object misspelt = new Yaml().load(route.replace("doWhile:", "dowhile:"));
    assertThat(CAMEL.validate(JSON.valueToTree(misspelt))).isNotEmpty();
  }

  /** A Kamelet's template as what Camel makes of it: a route template. */
  private static JsonNode template(Path kamelet) throws IOException {
    ObjectNode template = tree(kamelet).at("/spec/template").deepCopy();
    template.put("id", "template");
    ArrayNode file = JSON.createArrayNode();
    file.addObject().set("routeTemplate", template);
    return file;
  }

  private static JsonSchema camelSchema() {
    try (InputStream schema = CamelContext.class.getResourceAsStream("/schema/camelYamlDsl.json")) {
      return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(schema);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every endpoint, those without parameters too. */
  private static List<JsonNode> endpoints(Path file) throws IOException {
    List<JsonNode> endpoints = new ArrayList<>(tree(file).findParents("uri"));
    for (String step : List.of("to", "toD", "wireTap", "enrich", "pollEnrich")) {
      tree(file).findValues(step).stream()
          .filter(JsonNode::isTextual)
          .forEach(uri -> endpoints.add(JSON.createObjectNode().set("uri", uri)));
    }
    return endpoints;
  }

  private static JsonNode tree(Path file) throws IOException {
    Object yaml = new Yaml().load(Files.readString(file));
    return JSON.valueToTree(yaml);
  }
}
