package io.egression.connector;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.egression.connector.FilterDefinition.ActionIs;
import io.egression.connector.FilterDefinition.All;
import io.egression.connector.FilterDefinition.Any;
import io.egression.connector.FilterDefinition.Condition;
import io.egression.connector.FilterDefinition.Expression;
import io.egression.connector.FilterDefinition.Not;
import io.egression.connector.FilterDefinition.TypeIs;
import io.egression.job.Action;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Reads a filter predicate from a file that its schema has passed. */
final class FilterReader {
  private static final ObjectMapper JSON =
      new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

  private final YamlFile file;

  FilterReader(YamlFile file) {
    this.file = file;
  }

  FilterDefinition read(String id) {
    JsonNode root = file.root();
    String content = content(root);
    return new FilterDefinition(
        id,
        root.get("version").asInt(),
        hash(content),
        content,
        root.path("description").asText(""),
        condition(root.get("match"), "/match"));
  }

  /** Keys in one order, so that the same filter is the same text. */
  private static String content(JsonNode root) {
    try {
      return JSON.writeValueAsString(JSON.treeToValue(root, TreeMap.class));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hash(String content) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Condition condition(JsonNode node, String pointer) {
    Map.Entry<String, JsonNode> only = node.properties().iterator().next();
    String at = pointer + "/" + only.getKey();
    JsonNode value = only.getValue();
    return switch (only.getKey()) {
      case "all" -> new All(conditions(value, at));
      case "any" -> new Any(conditions(value, at));
      case "not" -> new Not(condition(value, at));
      case "action" -> new ActionIs(actions(value));
      case "objectType" -> new TypeIs(Set.copyOf(words(value)));
      default -> new Expression(only.getKey(), value.asText(), file.at(at, ""));
    };
  }

  private List<Condition> conditions(JsonNode nodes, String pointer) {
    List<Condition> conditions = new ArrayList<>();
    for (JsonNode each : nodes) {
      conditions.add(condition(each, pointer + "/" + conditions.size()));
    }
    return conditions;
  }

  private static Set<Action> actions(JsonNode words) {
    Set<Action> actions = new HashSet<>();
    words(words).forEach(word -> actions.add(Action.of(word).orElseThrow()));
    return actions;
  }

  private static Set<String> words(JsonNode nodes) {
    Set<String> words = new HashSet<>();
    nodes.forEach(each -> words.add(each.asText()));
    return words;
  }
}
