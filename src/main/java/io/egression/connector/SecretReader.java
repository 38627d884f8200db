package io.egression.connector;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Reads secrets from a file that has only their placeholders. No fault shows what a placeholder
 * resolves to.
 */
final class SecretReader {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{[^{}]+}}");
  private static final Pattern WITH_DEFAULT = Pattern.compile("\\{\\{\\??(env|sys):[^:]*:.*");

  private final YamlFile file;
  private final UnaryOperator<String> placeholders;
  private final List<Fault> faults;

  SecretReader(YamlFile file, UnaryOperator<String> placeholders, List<Fault> faults) {
    this.file = file;
    this.placeholders = placeholders;
    this.faults = faults;
  }

  /** The secret at this place; empty, with a fault, if there is none to be had. */
  Optional<Secret> read(String pointer) {
    String word = file.word(pointer);
    if (!PLACEHOLDER.matcher(word).matches()) {
      return fault(
          pointer,
          "must be one placeholder, {{env:NAME}}, {{file:/path}} or a vault's: the secret itself"
              + " does not belong into this file");
    }
    if (WITH_DEFAULT.matcher(word).matches()) {
      return fault(
          pointer, "must have no default: the secret itself does not belong into this file");
    }
    return resolved(pointer, word);
  }

  private Optional<Secret> resolved(String pointer, String word) {
    String value;
    try {
      value = placeholders.apply(word);
    } catch (IllegalArgumentException e) {
      return fault(pointer, safe(String.valueOf(e.getMessage()), word));
    }
    if (value == null || value.isBlank()) {
      return fault(pointer, word + " resolves to nothing");
    }
    if (value.codePoints().anyMatch(Character::isISOControl)) {
      return fault(
          pointer, "what " + word + " resolves to has line breaks or other control characters");
    }
    return Optional.of(new Secret(value));
  }

  /** A secret that looks like a placeholder is looked up again, and would be in the message. */
  private static String safe(String message, String word) {
    return message.contains(word) ? message : word + " resolves to something that has '{{' in it";
  }

  private Optional<Secret> fault(String pointer, String message) {
    faults.add(file.at(pointer, message));
    return Optional.empty();
  }
}
