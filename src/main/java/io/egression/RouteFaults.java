package io.egression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Suggestion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;

/** Says what Camel found wrong in a YAML file of routes, where, and what would be right. */
final class RouteFaults {
  private static final Pattern UNKNOWN =
      Pattern.compile("(?:Unknown node id|Unsupported field): (\\S+)");

  private RouteFaults() {}

  static IllegalStateException explained(Throwable fault) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage();
      if (message != null && text.indexOf(message.strip()) < 0) {
        text.append(text.isEmpty() ? "" : "\n").append(message.stripTrailing());
      }
    }
    Matcher unknown = UNKNOWN.matcher(text);
    if (unknown.find()) {
      Suggestion.closest(unknown.group(1), words()).ifPresent(s -> text.append('\n').append(s));
    }
    return new IllegalStateException(text.toString(), fault);
  }

  /** Every key that Camel's YAML knows somewhere. */
  private static Set<String> words() {
    try (InputStream schema = CamelContext.class.getResourceAsStream("/schema/camelYamlDsl.json")) {
      Set<String> words = new TreeSet<>();
      for (JsonNode properties : new ObjectMapper().readTree(schema).findValues("properties")) {
        properties.fieldNames().forEachRemaining(words::add);
      }
      return words;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
