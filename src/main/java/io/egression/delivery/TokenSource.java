package io.egression.delivery;

import io.egression.connector.Authentication.OAuth2;
import io.egression.connector.Backoff;
import io.egression.connector.Secret;
import io.egression.job.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access token of one account, shared by all its calls of this node: asked for once at a time,
 * ahead of its end, and after a failure not before a backoff is over. Camel's own ({@code
 * oauth2CacheTokens} of camel-http) has the client's secret in the endpoint's URI, lets every
 * consumer that finds no token fetch one, and a consumer waits as long as the token endpoint does;
 * hence this class. Thread safe.
 */
final class TokenSource {
  private static final Logger LOG = LoggerFactory.getLogger(TokenSource.class);

  private static final Backoff OUTAGE =
      new Backoff(Duration.ofSeconds(1), 2, Duration.ofMinutes(1), 0.2, 1, Duration.ofDays(365));

  /** Longer no consumer waits for a token: it has other accounts' runs to do. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  /** Between a refused token's fetch and the next. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final OAuth2 account;
  private final TokenEndpoint endpoint;
  private final Executor executor;
  private final Clock clock;
  private final RandomGenerator random;

  private @Nullable AccessToken token;
  private @Nullable Secret refreshToken;
  private @Nullable CompletableFuture<Void> fetch;
  private @Nullable String refusal;
  private String trouble = "";
  private Instant fetched = Instant.EPOCH;
  private Instant notBefore = Instant.EPOCH;
  private int failures;

  TokenSource(
      OAuth2 account,
      TokenEndpoint endpoint,
      Executor executor,
      Clock clock,
      RandomGenerator random) {
    this.account = account;
    this.endpoint = endpoint;
    this.executor = executor;
    this.clock = clock;
    this.random = random;
    this.refreshToken = account.refreshToken();
  }

  boolean isFor(OAuth2 other) {
    return account.equals(other);
  }

  /**
   * A token that can be used now.
   *
   * @throws UndeliverableException if there is none yet, or if the credentials are wrong
   */
  AccessToken get() {
    CompletableFuture<Void> underway;
    synchronized (this) {
      AccessToken usable = usable();
      if (fetch == null && mustFetch() && !clock.instant().isBefore(notBefore)) {
        start();
      }
      if (usable != null) {
        return usable;
      }
      underway = fetch;
    }
    if (underway != null) {
      await(underway);
    }
    return getOrExplain();
  }

  private synchronized AccessToken getOrExplain() {
    AccessToken usable = usable();
    if (usable != null) {
      return usable;
    }
    String wrong = refusal;
    if (wrong != null) {
      refusal = null; // told once: after an operator has resumed the account, it is asked anew
      throw new UndeliverableException(
          new Outcome.Pause(
              Outcome.PauseScope.ACCOUNT,
              null,
              "token endpoint: " + wrong + ": are the account's credentials right?"));
    }
    Duration left = Duration.between(clock.instant(), notBefore);
    throw new UndeliverableException(
        fetch != null || left.isNegative()
            ? new Outcome.Delayed(LOOK_AGAIN, "its access token is being fetched")
            : new Outcome.Delayed(left, "token endpoint: " + trouble));
  }

  private @Nullable AccessToken usable() {
    return token != null && clock.instant().isBefore(token.expiresAt()) ? token : null;
  }

  private boolean mustFetch() {
    return token == null || !clock.instant().isBefore(token.refreshAt());
  }

  private void start() {
    Secret with = refreshToken;
    fetch = new CompletableFuture<>();
    fetched = clock.instant();
    try {
      CompletableFuture.supplyAsync(() -> endpoint.ask(with), executor).whenComplete(this::ended);
    } catch (RejectedExecutionException e) {
      fetch = null;
      throw new UndeliverableException(new Outcome.Delayed(LOOK_AGAIN, "the hub stops"));
    }
  }

  private synchronized void ended(@Nullable TokenReply reply, @Nullable Throwable fault) {
    CompletableFuture<Void> underway = Objects.requireNonNull(fetch);
    fetch = null;
    refusal = null;
    if (reply instanceof TokenReply.Granted granted) {
      token = granted.token();
      refreshToken = granted.refreshToken() == null ? refreshToken : granted.refreshToken();
      failures = 0;
    } else if (reply instanceof TokenReply.Refused refused) {
      refused(refused.reason());
    } else if (reply instanceof TokenReply.Away away) {
      failed(away.reason());
    } else {
      LOG.warn("the token endpoint {} could not be asked", account.tokenUrl().getHost(), fault);
      failed("it could not be asked");
    }
    underway.complete(null);
  }

  /** A refresh token that replaced the account's may have been lost: the account's may do. */
  private void refused(String reason) {
    failed(reason);
    if (Objects.equals(refreshToken, account.refreshToken())) {
      refusal = reason;
    }
    refreshToken = account.refreshToken();
  }

  private void failed(String reason) {
    failures++;
    trouble = reason;
    notBefore = clock.instant().plus(OUTAGE.delay(failures, random));
  }

  /** The connector did not let this token in: it is not used again. */
  synchronized void drop(AccessToken refused) {
    if (token == refused) {
      token = null;
      trouble = "the connector refused its token";
      Instant earliest = fetched.plus(PAUSE);
      notBefore = earliest.isAfter(notBefore) ? earliest : notBefore;
    }
  }

  private static void await(CompletableFuture<Void> underway) {
    try {
      underway.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.debug("the token is still being fetched");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e); // it is only ever completed
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
