package io.egression.ledger;

import java.util.UUID;

/** A batch, or one of its belts, takes no more jobs: nothing was accepted. */
public final class BatchClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final UUID batch;

  BatchClosedException(UUID batch, String why) {
    super(why);
    this.batch = batch;
  }

  public UUID batch() {
    return batch;
  }
}
