package io.egression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.Yaml;

/**
 * The API's own OpenAPI document, against which every request and answer of the tests is checked.
 * An object in an answer must not have a member that the document does not name.
 */
public final class Contract {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String WHERE = "https://egression.test/openapi";
  private static final JsonNode DOCUMENT = read();
  private static final JsonSchemaFactory SCHEMAS =
      JsonSchemaFactory.getInstance(
          SpecVersion.VersionFlag.V202012,
          factory -> factory.schemaLoaders(all -> all.schemas(Map.of(WHERE, closed().toString()))));
  private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

  /** One path and method. */
  public record Operation(String method, String path, JsonNode node) {
    public String id() {
      return node.get("operationId").asText();
    }

    public boolean isFor(String role) {
      return StreamSupport.stream(node.get("x-roles").spliterator(), false)
          .anyMatch(each -> each.asText().equals(role));
    }

    private String pointer() {
      return "/paths/"
          + path.replace("~", "~0").replace("/", "~1")
          + "/"
          + method.toLowerCase(java.util.Locale.ROOT);
    }

    private boolean matches(String method, String rawPath) {
      return this.method.equals(method)
          && rawPath.matches(path.replace(".", "\\.").replaceAll("\\{[^}]+}", "[^/]+"));
    }
  }

  private Contract() {}

  private static JsonNode read() {
    try (InputStream in = Contract.class.getResourceAsStream("/openapi/egression.yaml")) {
      Map<String, Object> tree = new Yaml().load(in);
      return JSON.valueToTree(tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As published, an answer may get further members; here each must be named. */
  private static JsonNode closed() {
    JsonNode copy = DOCUMENT.deepCopy();
    close(copy.get("components"));
    close(copy.get("paths"));
    return copy;
  }

  private static void close(JsonNode node) {
    if (node instanceof ObjectNode object
        && object.has("properties")
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    node.forEach(Contract::close);
  }

  public static JsonNode document() {
    return DOCUMENT;
  }

  public static List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : DOCUMENT.get("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        if (method.getValue().has("operationId")) {
          operations.add(
              new Operation(
                  method.getKey().toUpperCase(java.util.Locale.ROOT),
                  path.getKey(),
                  method.getValue()));
        }
      }
    }
    return operations;
  }

  private static Optional<Operation> operation(String method, String rawPath) {
    return operations().stream()
        .filter(each -> each.matches(method, rawPath))
        .min(java.util.Comparator.comparing(each -> each.path().contains("{")));
  }

  /** The operations that were answered with success so far. */
  public static Set<String> seen() {
    return SEEN;
  }

  /** Fails unless the document says that there may be such an answer. */
  static void check(HttpResponse<String> answer) {
    String method = answer.request().method();
    operation(method, answer.uri().getRawPath())
        .ifPresent(
            operation -> {
              String type = answer.headers().firstValue("Content-Type").orElse("");
              JsonNode responses = operation.node().get("responses");
              String status = status(responses, answer.statusCode());
              require(status != null, operation, answer, "a status that is not in the document");
              String pointer = operation.pointer() + "/responses/" + status;
              JsonNode response = responses.get(status);
              if (response.has("$ref")) {
                pointer = response.get("$ref").asText().substring(1);
                response = DOCUMENT.at(pointer);
              }
              JsonNode content = response.path("content").path(type.replaceAll(";.*", ""));
              require(!content.isMissingNode(), operation, answer, "the content type " + type);
              if (type.contains("json")) {
                String schema = pointer + "/content/" + type.replace("/", "~1") + "/schema";
                Set<ValidationMessage> faults = validate(schema, answer.body());
                require(faults.isEmpty(), operation, answer, faults);
              }
              if (answer.statusCode() < 300) {
                SEEN.add(operation.id());
              }
            });
  }

  /** Null: the document has none for it. */
  private static String status(JsonNode responses, int status) {
    for (String name : List.of(String.valueOf(status), status / 100 + "XX", "default")) {
      if (responses.has(name)) {
        return name;
      }
    }
    return null;
  }

  /** Fails if what the hub took is not what the document asks for. */
  static void checkAccepted(String method, String rawPath, String body) {
    operation(method, rawPath)
        .filter(operation -> operation.node().has("requestBody"))
        .ifPresent(
            operation -> {
              String schema = operation.pointer() + "/requestBody/content/application~1json/schema";
              Set<ValidationMessage> faults = validate(schema, body);
              if (!faults.isEmpty()) {
                throw new AssertionError(operation.id() + " took " + body + ": " + faults);
              }
            });
  }

  private static Set<ValidationMessage> validate(String pointer, String json) {
    JsonSchema schema = SCHEMAS.getSchema(SchemaLocation.of(WHERE + "#" + pointer));
    try {
      return schema.validate(JSON.readTree(json));
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }

  private static void require(
      boolean so, Operation operation, HttpResponse<String> answer, Object what) {
    if (!so) {
      throw new AssertionError(
          "%s answered %d %s: not as the OpenAPI document says: %s"
              .formatted(operation.id(), answer.statusCode(), answer.body(), what));
    }
  }
}
