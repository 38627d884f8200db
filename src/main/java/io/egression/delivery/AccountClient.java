package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Authentication;
import io.egression.connector.ClientKeys;
import io.egression.job.Outcome;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.ssl.SSLContextBuilder;
import org.apache.hc.core5.util.Timeout;

/**
 * Makes the HTTP client of one account, which a Kamelet's endpoint names by {@code
 * httpClientConfigurer: "#client/{{routeId}}"}: no other account uses it or its connections, it
 * keeps no cookies, and every request is signed when it is sent, so that no credential is ever in
 * an endpoint, a message or a header that Camel could show. Thread safe.
 */
final class AccountClient implements HttpClientConfigurer {
  private static final int CONNECTIONS = 200;

  private final Account account;
  private final CallDeadlines deadlines;
  private final RequestSigner signer;

  AccountClient(Account account, CallDeadlines deadlines, Clock clock) {
    this.account = account;
    this.deadlines = deadlines;
    this.signer = new RequestSigner(account.access().authentication(), clock);
  }

  @Override
  public void configureHttpClient(HttpClientBuilder client) {
    deadlines.configureHttpClient(client);
    client.disableCookieManagement();
    client.disableConnectionState(); // its connections are one account's anyway
    boolean tls = account.access().authentication() instanceof Authentication.MutualTls;
    if (account.access().authentication() instanceof Authentication.MutualTls mutual) {
      client.setConnectionManager(connections(mutual.keys()));
    }
    client.addExecInterceptorFirst(
        "credentials",
        (request, scope, chain) -> {
          if (tls && !scope.route.isSecure()) {
            throw new UndeliverableException(
                new Outcome.Pause(
                    Outcome.PauseScope.ACCOUNT, null, "mtls needs an address with https"));
          }
          CallDeadlines.Call call = deadlines.current();
          signer.sign(request, call == null ? null : call.token());
          return chain.proceed(request, scope);
        });
  }

  private HttpClientConnectionManager connections(ClientKeys keys) {
    Duration connect = account.connector().policy().timeouts().connect();
    Duration response = account.connector().policy().timeouts().response();
    return PoolingHttpClientConnectionManagerBuilder.create()
        .setTlsSocketStrategy(new DefaultClientTlsStrategy(tls(keys)))
        .setMaxConnPerRoute(CONNECTIONS)
        .setMaxConnTotal(CONNECTIONS)
        .setDefaultConnectionConfig(
            ConnectionConfig.custom()
                .setConnectTimeout(Timeout.of(connect))
                .setSocketTimeout(Timeout.of(response))
                .build())
        .build();
  }

  private SSLContext tls(ClientKeys keys) {
    try {
      SSLContextBuilder tls = SSLContextBuilder.create();
      tls.loadKeyMaterial(keys.store(), keys.password().value().toCharArray());
      if (keys.trusted() != null) {
        tls.loadTrustMaterial(keys.trusted(), null);
      }
      return tls.build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(
          "account %s: its key store cannot be used: %s".formatted(account.key(), e.getMessage()),
          e);
    }
  }
}
