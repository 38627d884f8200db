package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * URI templates by object type. A template's words are {@code {type}}, {@code {id}} (theirs, if it
 * is known) and {@code {ownId}}, each percent-encoded once.
 *
 * @param standard for types that have no template of their own
 * @param own by type, or by type and action: {@code product}, {@code product.create}
 */
record RestPaths(String standard, Map<String, String> own) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern WORD = Pattern.compile("\\{([^{}]*)}");
  private static final String LAST_ID = "/{id}";

  /** The object a path is for. */
  record Target(String type, String id, String ownId) {
    private String word(String name) {
      return switch (name) {
        case "type" -> type;
        case "id" -> id;
        default -> ownId;
      };
    }
  }

  RestPaths {
    own = Map.copyOf(own);
    List<String> templates = new ArrayList<>(own.values());
    templates.add(standard);
    templates.forEach(RestPaths::check);
  }

  /**
   * @param own a JSON object of texts
   * @throws IllegalArgumentException saying what is wrong with a template
   */
  static RestPaths of(String standard, String own) {
    try {
      Map<String, String> templates = new TreeMap<>();
      JsonNode json = JSON.readTree(own);
      json.fieldNames().forEachRemaining(key -> templates.put(key, json.get(key).asText()));
      return new RestPaths(standard, templates);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "paths: must be a mapping of object types to URI templates", e);
    }
  }

  private static void check(String template) {
    Matcher words = WORD.matcher(template);
    while (words.find()) {
      if (!List.of("type", "id", "ownId").contains(words.group(1))) {
        throw new IllegalArgumentException(
            "the URI template '%s' has an unknown word {%s}; known are {type}, {id}, {ownId}"
                .formatted(template, words.group(1)));
      }
    }
    if (!template.startsWith("/")) {
      throw new IllegalArgumentException("the URI template '" + template + "' must begin with '/'");
    }
  }

  /**
   * Path and query for a call.
   *
   * @param isNew what is new has no address yet: it goes to the template without its last {@code
   *     /{id}}, unless there is a template for this action
   */
  String path(Target target, String action, boolean isNew) {
    String exact = own.get(target.type + "." + action);
    String template = exact == null ? own.getOrDefault(target.type, standard) : exact;
    if (exact == null && isNew && template.endsWith(LAST_ID)) {
      template = template.substring(0, template.length() - LAST_ID.length());
    }
    return WORD.matcher(template)
        .replaceAll(
            word -> Matcher.quoteReplacement(MetadataRequests.encoded(target.word(word.group(1)))));
  }
}
