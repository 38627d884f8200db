package io.egression.job;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** Where a job stands. The last five are final: a job leaves them only by an operator's replay. */
public enum JobState {
  /** Not due yet; has no place. */
  SCHEDULED,
  /** Behind an open job of its object that has no place in the same lane; has no place itself. */
  GATED,
  /** Has its place in a lane; the lane says why it waits. */
  WAITING,
  /** First of a running lane: its call is being made. Derived, never stored. */
  DELIVERING,
  DELIVERED,
  DEAD,
  FILTERED,
  SUPERSEDED,
  CANCELLED;

  public boolean isFinal() {
    return ordinal() >= DELIVERED.ordinal();
  }

  /** The word used in JSON and in the ledger. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<JobState> of(String word) {
    return Stream.of(values()).filter(state -> state.word().equals(word)).findFirst();
  }
}
