package io.egression.access;

import io.egression.intake.Caller;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who asks, by a key of the hub or by a token of its OpenID Connect provider. Thread safe. */
public final class Callers {
  private static final String TOKEN = "token/";

  private final AccessKeys keys;
  private final @Nullable AccessTokens tokens;
  private final Clock clock;
  private final Map<String, AccessTokens.Bearer> bearers = new ConcurrentHashMap<>();

  /**
   * @param tokens null: none are taken
   */
  public Callers(AccessKeys keys, @Nullable AccessTokens tokens, Clock clock) {
    this.keys = keys;
    this.tokens = tokens;
    this.clock = clock;
  }

  /** Whether checking this {@code Authorization} header may wait for the provider. */
  boolean mayWait(@Nullable String authorization) {
    return tokens != null
        && AccessKeys.credential(authorization).filter(AccessTokens::isToken).isPresent();
  }

  /** The id of who brings this {@code Authorization} header: {@code Bearer …} (RFC 6750). */
  Optional<String> check(@Nullable String authorization) {
    if (tokens == null || !mayWait(authorization)) {
      return keys.check(authorization);
    }
    String token = AccessKeys.credential(authorization).orElseThrow();
    return tokens
        .check(token)
        .map(
            bearer -> {
              String id = TOKEN + AccessKeys.hex(token);
              if (bearers.put(id, bearer) == null) {
                bearers.values().removeIf(this::isOver);
              }
              return id;
            });
  }

  private boolean isOver(AccessTokens.Bearer bearer) {
    return bearer.until().isBefore(clock.instant());
  }

  /**
   * The caller by the id.
   *
   * @throws IllegalStateException if the key was revoked in between, or the token has expired
   */
  public Caller caller(String id) {
    if (!id.startsWith(TOKEN)) {
      return keys.caller(id);
    }
    AccessTokens.Bearer bearer = bearers.get(id);
    if (bearer == null || isOver(bearer)) {
      throw new IllegalStateException("the token has expired");
    }
    return bearer.caller();
  }
}
