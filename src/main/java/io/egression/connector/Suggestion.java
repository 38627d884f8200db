package io.egression.connector;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** "Did you mean …?" */
public final class Suggestion {
  private static final int FAR = 3;

  private Suggestion() {}

  /** The closest of the known words as a question, or all of them if none is close. */
  public static String forWord(String word, Collection<String> known) {
    return closest(word, known)
        .orElseGet(() -> "known are: " + String.join(", ", known.stream().sorted().toList()));
  }

  /** The closest of the known words as a question; empty if none is close. */
  public static Optional<String> closest(String word, Collection<String> known) {
    LevenshteinDistance distance = new LevenshteinDistance(FAR);
    return known.stream()
        .filter(each -> distance.apply(word, each) >= 0)
        .min(Comparator.comparingInt(each -> distance.apply(word, each)))
        .map(close -> "did you mean '" + close + "'?");
  }
}
