package io.egression.cli;

/** A command could not do what it was asked; has the message and the exit code. */
public final class CommandFault extends RuntimeException {
  /** The hub cannot be reached, or failed. */
  public static final int HUB = 1;

  /** There is no such thing. */
  public static final int MISSING = 3;

  /** The key is not known, or may not do that. */
  public static final int FORBIDDEN = 4;

  /** What was sent is not right, or not now. */
  public static final int REFUSED = 5;

  /** Not everything was delivered. */
  public static final int UNDELIVERED = 6;

  private static final long serialVersionUID = 1L;
  private final int exitCode;

  public CommandFault(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
