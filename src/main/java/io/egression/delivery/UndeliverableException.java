package io.egression.delivery;

import io.egression.job.Outcome;

/** The job can't be delivered now, for a reason found before its call. */
public final class UndeliverableException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient Outcome outcome;

  UndeliverableException(Outcome outcome) {
    super(outcome.reason());
    this.outcome = outcome;
  }

  public Outcome outcome() {
    return outcome;
  }
}
