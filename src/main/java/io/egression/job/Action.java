package io.egression.job;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What happened to the object. */
public enum Action {
  CREATE,
  UPDATE,
  DELETE;

  /** The word used in JSON, in headers and in the ledger. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Action> of(String word) {
    return Stream.of(values()).filter(action -> action.word().equals(word)).findFirst();
  }
}
