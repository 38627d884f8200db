package io.egression.connector;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The Camel URI of a Kamelet's instance, one for each account. */
final class KameletUri {
  /** What Camel would look up instead of passing it on. */
  private static final Pattern REFERENCE = Pattern.compile("(?s)#[A-Za-z]+:.*");

  private KameletUri() {}

  /**
   * The account's key is in the instance's name: a slash is in neither of its parts, so that no two
   * accounts share one.
   */
  static String of(String template, String instance, Map<String, String> parameters) {
    String query =
        new TreeMap<>(parameters)
            .entrySet().stream()
                .map(parameter -> parameter.getKey() + "=" + raw(parameter.getValue()))
                .collect(Collectors.joining("&"));
    return "kamelet:" + template + "/" + instance + "?" + query;
  }

  /** Camel's RAW syntax: the value as it is, up to the closing bracket before a '&amp;'. */
  private static String raw(String value) {
    return value.contains(")") && !value.contains("}&")
        ? "RAW{" + value + "}"
        : "RAW(" + value + ")";
  }

  /** Why Camel would not pass this value on as it is. It may be secret, so it is not repeated. */
  static Optional<String> fault(String value) {
    if (value.contains("{{") || value.contains("}}")) {
      return Optional.of("must not contain '{{' or '}}' once its placeholders are filled in");
    }
    if (value.codePoints().anyMatch(KameletUri::isForbidden)) {
      return Optional.of("must not contain line breaks, control characters or odd blanks");
    }
    if (REFERENCE.matcher(value).matches() || value.endsWith("\\")) {
      return Optional.of("must not begin with a word like #bean: or end with '\\'");
    }
    return value.contains(")&") && value.contains("}&")
        ? Optional.of("must not contain both ')&' and '}&'")
        : Optional.empty();
  }

  private static boolean isForbidden(int codePoint) {
    return Character.isISOControl(codePoint)
        || (Character.isSpaceChar(codePoint) && codePoint != ' ');
  }
}
