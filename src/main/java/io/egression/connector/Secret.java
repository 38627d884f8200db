package io.egression.connector;

/**
 * A text that nobody is to see: it never shows itself.
 *
 * @param value what it is
 */
public record Secret(String value) {
  /** What is shown in its place. */
  public static final String MASK = "***";

  @Override
  public String toString() {
    return MASK;
  }
}
