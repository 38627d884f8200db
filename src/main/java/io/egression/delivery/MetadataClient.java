package io.egression.delivery;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.jspecify.annotations.Nullable;

/**
 * What the calls of the Metadata API's routes have in common; the bean {@code metadataClient}: its
 * credentials, which never are on a message and go to its own host only, a deadline from the
 * request to the last byte, and the largest answer. Thread safe.
 */
public final class MetadataClient implements HttpClientConfigurer {
  /**
   * How much an answer may take.
   *
   * @param most bytes, unpacked
   * @param total from the request to the last byte
   */
  public record Bounds(int most, Duration total) {}

  private final CallDeadlines deadlines;
  private final Bounds bounds;
  private final HttpHost host;
  private final @Nullable String authorization;

  /**
   * @param authorization the header's value; null: none
   */
  public MetadataClient(
      CallDeadlines deadlines, Bounds bounds, String url, @Nullable String authorization) {
    this.deadlines = deadlines;
    this.bounds = bounds;
    this.host = normal(HttpHost.create(URI.create(url)));
    this.authorization = authorization;
  }

  /** The header for these credentials; null if there are none. */
  public static @Nullable String authorization(
      @Nullable String token, @Nullable String user, String password) {
    if (token != null) {
      return "Bearer " + token;
    }
    if (user == null) {
      return null;
    }
    byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static HttpHost normal(HttpHost host) {
    return RoutingSupport.normalize(host, DefaultSchemePortResolver.INSTANCE);
  }

  @Override
  public void configureHttpClient(HttpClientBuilder client) {
    client.addExecInterceptorFirst("metadata", this::call);
  }

  private ClassicHttpResponse call(
      ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
      throws IOException, HttpException {
    if (authorization != null
        && !request.containsHeader(HttpHeaders.AUTHORIZATION)
        && host.equals(normal(scope.route.getTargetHost()))) {
      request.setHeader(HttpHeaders.AUTHORIZATION, authorization);
    }
    CallDeadlines.Call deadline = deadlines.start(bounds.total);
    deadline.uses(scope.execRuntime);
    boolean hasBody = false;
    try {
      ClassicHttpResponse answer = chain.proceed(request, scope);
      HttpEntity body = answer.getEntity();
      if (body != null) {
        answer.setEntity(new BoundedAnswer(body, bounds.most, deadline, scope.execRuntime));
        hasBody = true;
      }
      return answer;
    } catch (IOException e) {
      throw BoundedAnswer.explained(e, deadline);
    } finally {
      if (!hasBody) {
        deadline.close();
      }
    }
  }
}
