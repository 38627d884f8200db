package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Authentication;
import io.egression.connector.Authentication.OAuth2;
import io.egression.job.AccountKey;
import io.egression.job.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.apache.camel.Exchange;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.jspecify.annotations.Nullable;

/**
 * Has at hand what lets the job in hand in, before its call is counted anywhere; the bean {@code
 * credentials} of the call route. Thread safe.
 */
public final class Credentials implements AutoCloseable {
  private static final int FETCHES = 32;

  private final CallDeadlines deadlines;
  private final Clock clock;
  private final RandomGenerator random;
  private final Map<AccountKey, TokenSource> sources = new ConcurrentHashMap<>();
  private final ThreadPoolExecutor fetching =
      new ThreadPoolExecutor(
          FETCHES,
          FETCHES,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          work -> {
            Thread thread = new Thread(work, "egression-tokens");
            thread.setDaemon(true);
            return thread;
          });

  public Credentials(CallDeadlines deadlines, Clock clock, RandomGenerator random) {
    this.deadlines = deadlines;
    this.clock = clock;
    this.random = random;
    fetching.allowCoreThreadTimeOut(true);
  }

  /** Makes the account's own HTTP client. */
  public HttpClientConfigurer client(Account account) {
    return new AccountClient(account, deadlines, clock);
  }

  /**
   * Fetches the account's token, unless it is there.
   *
   * @throws UndeliverableException if no call of the account would be let in now
   */
  public void prepare(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Authentication authentication = work.account.access().authentication();
    if (authentication instanceof OAuth2 oauth2) {
      work.token = source(work.account.key(), oauth2).get();
    }
    Optional<String> invalid = authentication.invalid();
    if (invalid.isPresent()) {
      throw new UndeliverableException(
          new Outcome.Pause(Outcome.PauseScope.ACCOUNT, null, invalid.get()));
    }
  }

  private TokenSource source(AccountKey key, OAuth2 account) {
    TokenSource source = sources.get(key);
    return source != null && source.isFor(account)
        ? source
        : sources.compute(
            key, (same, old) -> old != null && old.isFor(account) ? old : newSource(account));
  }

  private TokenSource newSource(OAuth2 account) {
    TokenEndpoint endpoint = new TokenEndpoint(account, deadlines, TokenEndpoint.TOTAL, clock);
    return new TokenSource(account, endpoint, fetching, clock, random);
  }

  /**
   * What the answer says about the token that its call was made with. One that was let in before
   * may have been withdrawn: the job gets a fresh one, once. One that never was is wrong, and so is
   * what it was fetched with.
   *
   * @return the outcome, if the answer's usual one is too early
   */
  Optional<Outcome> answered(Work work, @Nullable Integer status) {
    AccessToken token = work.token;
    if (token == null || status == null) {
      return Optional.empty();
    }
    if (status != 401) {
      token.accept();
      return Optional.empty();
    }
    TokenSource source = sources.get(work.account.key());
    if (source != null) {
      source.drop(token);
    }
    return token.wasAccepted()
        ? Optional.of(
            new Outcome.Delayed(Duration.ZERO, "status 401: a fresh access token is fetched"))
        : Optional.empty();
  }

  @Override
  public void close() {
    fetching.shutdownNow();
  }
}
