package io.egression.delivery;

import io.egression.connector.Authentication.OAuth2;
import io.egression.connector.FaultKind;
import io.egression.connector.Secret;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.entity.UrlEncodedFormEntity;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.BasicHttpClientConnectionManager;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.NameValuePair;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicNameValuePair;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * Asks a token endpoint for a token (RFC 6749, 4.4 and 6), once. Every request has a client of its
 * own, so that no two accounts share one, and a deadline of its own. Thread safe.
 */
final class TokenEndpoint {
  private static final Timeout CONNECT = Timeout.ofSeconds(3);

  /** For the whole answer, however slowly it drips in. */
  static final Duration TOTAL = Duration.ofSeconds(5);

  private static final int LONGEST = 64 * 1024;

  private final OAuth2 account;
  private final CallDeadlines deadlines;
  private final Duration total;
  private final Clock clock;

  TokenEndpoint(OAuth2 account, CallDeadlines deadlines, Duration total, Clock clock) {
    this.account = account;
    this.total = total;
    this.deadlines = deadlines;
    this.clock = clock;
  }

  /**
   * Asks now, on this thread.
   *
   * @param refreshToken null: with the client's own credentials
   */
  TokenReply ask(@Nullable Secret refreshToken) {
    HttpPost request = new HttpPost(account.tokenUrl());
    request.setHeader("Accept", "application/json");
    request.setEntity(new UrlEncodedFormEntity(form(refreshToken), StandardCharsets.UTF_8));
    Secret secret = account.client().secret();
    if (secret != null && !account.client().inBody()) {
      request.setHeader("Authorization", "Basic " + credentials(secret));
    }
    Instant asked = clock.instant();
    try (CallDeadlines.Call call = deadlines.start(total)) {
      return send(request, call, asked);
    }
  }

  private TokenReply send(HttpPost request, CallDeadlines.Call call, Instant asked) {
    try (CloseableHttpClient client = client()) {
      return client.execute(request, response -> reply(response, asked));
    } catch (IOException e) {
      FaultKind kind = call.isExpired() ? FaultKind.TIMEOUT : FaultKind.of(e);
      return new TokenReply.Away("no answer: " + kind.word());
    }
  }

  private CloseableHttpClient client() {
    BasicHttpClientConnectionManager connection = new BasicHttpClientConnectionManager();
    connection.setConnectionConfig(
        ConnectionConfig.custom()
            .setConnectTimeout(CONNECT)
            .setSocketTimeout(Timeout.of(total))
            .build());
    HttpClientBuilder builder = HttpClientBuilder.create().setConnectionManager(connection);
    deadlines.configureHttpClient(builder);
    return builder
        .disableCookieManagement()
        .disableAutomaticRetries()
        .disableRedirectHandling()
        .build();
  }

  private List<NameValuePair> form(@Nullable Secret refreshToken) {
    List<NameValuePair> form = new ArrayList<>();
    if (refreshToken == null) {
      form.add(new BasicNameValuePair("grant_type", "client_credentials"));
    } else {
      form.add(new BasicNameValuePair("grant_type", "refresh_token"));
      form.add(new BasicNameValuePair("refresh_token", refreshToken.value()));
    }
    if (!account.scopes().isEmpty()) {
      form.add(new BasicNameValuePair("scope", String.join(" ", account.scopes())));
    }
    OAuth2.Client client = account.client();
    if (client.secret() == null || client.inBody()) {
      form.add(new BasicNameValuePair("client_id", client.id()));
    }
    if (client.secret() != null && client.inBody()) {
      form.add(new BasicNameValuePair("client_secret", client.secret().value()));
    }
    return form;
  }

  /** RFC 6749, 2.3.1: both are form-encoded first. */
  private String credentials(Secret secret) {
    String both = encoded(account.client().id()) + ":" + encoded(secret.value());
    return Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static TokenReply reply(ClassicHttpResponse response, Instant asked) throws IOException {
    byte[] body =
        response.getEntity() == null
            ? new byte[0]
            : EntityUtils.toByteArray(response.getEntity(), LONGEST);
    return TokenReply.of(response.getCode(), body, asked);
  }
}
