package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.AbsoluteIri;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What a JSON Schema finds wrong, in words that say what would be right. */
final class SchemaFault {
  private static final Map<String, String> KINDS =
      Map.of(
          "object", "a mapping",
          "array", "a list",
          "string", "a text",
          "integer", "a whole number",
          "number", "a number",
          "boolean", "true or false");

  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

  private static final SchemaValidatorsConfig CONFIG =
      SchemaValidatorsConfig.builder()
          .pathType(PathType.JSON_POINTER)
          .locale(Locale.ROOT) // not the machine's language
          .build();

  private final JsonSchema schema;
  private final ValidationMessage message;
  private final String pointer;

  SchemaFault(JsonSchema schema, ValidationMessage message) {
    this.schema = schema;
    this.message = message;
    this.pointer = message.getInstanceLocation().toString();
  }

  /** One of the published schemas; it may refer to others by their file's name. */
  static JsonSchema schema(String name) {
    return FACTORY.getSchema(SchemaLocation.of("classpath:schemas/" + name), CONFIG);
  }

  Fault in(YamlFile file) {
    return switch (message.getType()) {
      case "additionalProperties" -> unknownKey(file);
      case "propertyNames" -> badKey(file);
      case "required" -> file.at(pointer, "'" + message.getProperty() + "' is missing");
      case "enum" -> file.at(pointer, unknownWord());
      case "type" -> file.at(pointer, "must be " + kinds() + described(rule()));
      case "pattern" -> file.at(pointer, shown() + " is not right" + described(rule()));
      default -> file.at(pointer, message.getMessage().replaceFirst("^[^:]*: ", ""));
    };
  }

  private Fault unknownKey(YamlFile file) {
    String key = message.getProperty();
    List<String> known = new ArrayList<>();
    rule().path("properties").fieldNames().forEachRemaining(known::add);
    return file.atKey(
        YamlTree.child(pointer, key),
        "unknown key '%s'; %s".formatted(key, Suggestion.forWord(key, known)));
  }

  private Fault badKey(YamlFile file) {
    String key = message.getProperty();
    return file.atKey(
        YamlTree.child(pointer, key),
        "the key '" + key + "' is not right" + described(rule().path("propertyNames")));
  }

  /** The word, unless it may be a secret. */
  private String shown() {
    return "password".equals(rule().path("format").asText()) ? "this" : "'" + word() + "'";
  }

  private String word() {
    return message.getInstanceNode().asText();
  }

  private String unknownWord() {
    List<String> known = new ArrayList<>();
    message.getSchemaNode().forEach(each -> known.add(each.asText()));
    return "unknown word '%s'; %s".formatted(word(), Suggestion.forWord(word(), known));
  }

  private String kinds() {
    JsonNode type = message.getSchemaNode();
    List<String> kinds = new ArrayList<>();
    (type.isArray() ? type : List.of(type)).forEach(each -> kinds.add(each.asText()));
    return kinds.stream()
        .filter(KINDS::containsKey)
        .map(KINDS::get)
        .collect(Collectors.joining(" or "));
  }

  /** What the schema says of it. */
  private static String described(JsonNode rule) {
    String description = rule.path("description").asText();
    return description.isEmpty() ? "" : " (" + description + ")";
  }

  /** The schema that the message is about, if another was referred to. */
  private JsonSchema document() {
    AbsoluteIri iri = message.getSchemaLocation().getAbsoluteIri();
    return iri == null || iri.equals(schema.getSchemaLocation().getAbsoluteIri())
        ? schema
        : FACTORY.getSchema(SchemaLocation.of(iri.toString()), CONFIG);
  }

  /** The part of the schema that the message is about. */
  private JsonNode rule() {
    String keyword = message.getSchemaLocation().getFragment().toString();
    return document().getSchemaNode().at(keyword.substring(0, keyword.lastIndexOf('/')));
  }
}
