package io.egression.connector;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Takes a header field apart that is a list or a dictionary (RFC 9651) without inner lists. */
final class StructuredField {
  /**
   * @param key of a dictionary's member; null: an item of a list
   * @param value as it is written
   * @param parameters as they are written, by key
   */
  record Item(@Nullable String key, String value, Map<String, String> parameters) {}

  private static final String KEY = "([a-z*][a-z0-9_.*-]*+)";

  /** A string, a byte sequence, or what has neither quotes nor separators: numbers, tokens. */
  private static final String VALUE =
      "(\"(?:[^\"\\\\]|\\\\[\"\\\\])*+\"|:[A-Za-z0-9+/=]*+:|[^\\s\",:;=][^\\s\",;=]*+)";

  private static final Pattern MEMBER = Pattern.compile("(?:" + KEY + "=)?+" + VALUE);
  private static final Pattern PARAMETER = Pattern.compile("; *+" + KEY + "(?:=" + VALUE + ")?+");
  private static final Pattern COMMA = Pattern.compile("[ \t]*+,[ \t]*+");

  private final String text;
  private int place;

  private StructuredField(String text) {
    this.text = text;
  }

  /** Its items from first to last; none if it is malformed anywhere. */
  static List<Item> items(String field) {
    StructuredField rest = new StructuredField(field.strip());
    List<Item> items = new ArrayList<>();
    do {
      MatchResult member = rest.next(MEMBER);
      if (member == null) {
        return List.of();
      }
      items.add(new Item(member.group(1), member.group(2), rest.parameters()));
    } while (rest.next(COMMA) != null);
    return rest.place == rest.text.length() ? items : List.of();
  }

  private Map<String, String> parameters() {
    Map<String, String> parameters = new HashMap<>();
    for (MatchResult next = next(PARAMETER); next != null; next = next(PARAMETER)) {
      parameters.put(next.group(1), Objects.requireNonNullElse(next.group(2), "?1"));
    }
    return parameters;
  }

  private @Nullable MatchResult next(Pattern pattern) {
    Matcher matcher = pattern.matcher(text).region(place, text.length());
    if (!matcher.lookingAt()) {
      return null;
    }
    place = matcher.end();
    return matcher;
  }
}
