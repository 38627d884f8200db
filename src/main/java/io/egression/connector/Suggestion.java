package io.egression.connector;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** "Did you mean …?" */
public final class Suggestion {
  private static final int FAR = 3;

  private Suggestion() {}

  /** The closest of the known words as a question, or all of them if none is close. */
  public static String forWord(String word, Collection<String> known) {
    return closest(word, known).orElseGet(() -> all(known));
  }

  private static String all(Collection<String> known) {
    return known.isEmpty()
        ? "none is known"
        : "known are: " + String.join(", ", known.stream().sorted().toList());
  }

  /** The closest of the known words as a question; empty if none is close. */
  public static Optional<String> closest(String word, Collection<String> known) {
    return known.stream()
        .sorted()
        .filter(each -> distance(word, each) >= 0)
        .min(Comparator.comparingInt(each -> distance(word, each)))
        .map(close -> "did you mean '" + close + "'?");
  }

  /** -1: far off. What differs in half of a short word was not mistyped. */
  private static int distance(String word, String other) {
    int shorter = Math.min(word.length(), other.length());
    int far = Math.min(FAR, Math.min((shorter + 1) / 2, Math.max(0, shorter - 1)));
    return new LevenshteinDistance(far)
        .apply(word.toLowerCase(Locale.ROOT), other.toLowerCase(Locale.ROOT));
  }
}
