package io.egression.connector;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import com.networknt.schema.serialization.JsonNodeReader;
import com.networknt.schema.utils.JsonNodes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A YAML file as a tree whose nodes know their line, checked against a JSON Schema. */
final class YamlFile {
  private static final JsonNodeReader READER = JsonNodeReader.builder().locationAware().build();

  private final Path path;
  private final JsonNode root;

  private YamlFile(Path path, JsonNode root) {
    this.path = path;
    this.root = root;
  }

  /** Reads the file; a fault is added to the list and empty returned if it is not YAML. */
  static Optional<YamlFile> read(Path path, List<Fault> faults) {
    try {
      return Optional.of(
          new YamlFile(path, READER.readTree(Files.readString(path), InputFormat.YAML)));
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      faults.add(
          new Fault(
              path,
              at == null ? 1 : at.getLineNr(),
              at == null ? 1 : at.getColumnNr(),
              "not valid YAML: " + e.getOriginalMessage().lines().findFirst().orElse("")));
      return Optional.empty();
    } catch (MalformedInputException e) {
      faults.add(new Fault(path, 1, 1, "not UTF-8"));
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
  }

  static JsonSchema schema(String name) {
    try (InputStream in = YamlFile.class.getResourceAsStream("/schemas/" + name)) {
      return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path() {
    return path;
  }

  JsonNode root() {
    return root;
  }

  /** Every place where the file is not as the schema says. */
  List<Fault> check(JsonSchema schema) {
    return schema.validate(root).stream().map(message -> fault(schema, message)).toList();
  }

  private Fault fault(JsonSchema schema, ValidationMessage message) {
    JsonNode node = message.getInstanceNode();
    String where = message.getInstanceLocation().toString().replaceFirst("^\\$\\.?", "");
    if (!"additionalProperties".equals(message.getType())) {
      String text = message.getMessage().replaceFirst("^\\$[^:]*: ", "");
      return at(node, (where.isEmpty() ? "" : where + ": ") + text);
    }
    String key = message.getProperty();
    return at(
        node.has(key) ? node.get(key) : node,
        "unknown key '%s'%s; %s"
            .formatted(
                key,
                where.isEmpty() ? "" : " in " + where,
                Suggestion.forWord(key, knownKeys(schema, message))));
  }

  private static List<String> knownKeys(JsonSchema schema, ValidationMessage message) {
    String rule = message.getSchemaLocation().getFragment().toString();
    List<String> keys = new ArrayList<>();
    schema
        .getSchemaNode()
        .at(rule.replaceFirst("additionalProperties$", "properties"))
        .fieldNames()
        .forEachRemaining(keys::add);
    return keys;
  }

  /** A fault at the node's place; at the file's start if it has none. */
  Fault at(JsonNode node, String message) {
    JsonLocation at = node == null ? null : JsonNodes.tokenLocationOf(node);
    return at == null
        ? new Fault(path, 1, 1, message)
        : new Fault(path, at.getLineNr(), at.getColumnNr(), message);
  }
}
