package io.egression.ledger;

/**
 * The database cannot be reached at present; nothing was recorded, or, where {@link #unknown()}, it
 * is not known whether it was. Asking again later is right.
 */
public final class LedgerAwayException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final boolean unknown;

  LedgerAwayException(Throwable cause, boolean unknown) {
    super(unknown ? "the database went away during the commit" : "the database is away", cause);
    this.unknown = unknown;
  }

  /** The connection broke during the commit: it may or may not have been recorded. */
  public boolean unknown() {
    return unknown;
  }
}
