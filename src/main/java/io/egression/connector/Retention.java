package io.egression.connector;

import java.time.Duration;

/**
 * How long jobs are kept after they are final, with their attempts.
 *
 * @param done of those that are delivered, superseded or cancelled
 * @param explained of those that are dead or filtered, and what filters said
 */
public record Retention(Duration done, Duration explained) {
  /** What holds unless an account says otherwise. */
  public static final Retention STANDARD = new Retention(Duration.ofDays(30), Duration.ofDays(180));
}
