package io.egression.delivery;

import java.time.Duration;
import java.time.Instant;

/** An access token (RFC 6749, 1.4) as it was fetched. Thread safe. */
final class AccessToken {
  private static final Duration LEAST = Duration.ofSeconds(10);
  private static final Duration MOST_EARLY = Duration.ofSeconds(60);

  private final String value;
  private final Instant refreshAt;
  private final Instant expiresAt;
  private volatile boolean accepted;

  /**
   * @param lifetime a shorter one than 10 s is taken as 10 s, so that not every call fetches one
   */
  AccessToken(String value, Instant fetched, Duration lifetime) {
    Duration life = lifetime.compareTo(LEAST) < 0 ? LEAST : lifetime;
    Duration fifth = life.dividedBy(5);
    Duration early = fifth.compareTo(MOST_EARLY) < 0 ? fifth : MOST_EARLY;
    this.value = value;
    this.refreshAt = fetched.plus(life).minus(early);
    this.expiresAt = fetched.plus(life).minus(early.dividedBy(4));
  }

  String value() {
    return value;
  }

  /** From then on another one is fetched while this is still used. */
  Instant refreshAt() {
    return refreshAt;
  }

  /** From then on it may expire on its way. */
  Instant expiresAt() {
    return expiresAt;
  }

  /** Whether a connector has let it in before. */
  boolean wasAccepted() {
    return accepted;
  }

  void accept() {
    accepted = true;
  }

  @Override
  public String toString() {
    return "AccessToken until " + expiresAt;
  }
}
