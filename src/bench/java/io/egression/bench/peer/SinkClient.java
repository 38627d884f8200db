package io.egression.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.StringEntity;

/** The HTTP calls of the Java peers, with the client that Camel uses. */
final class SinkClient {
  /** The sink refused a call. */
  static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RefusedException(int status) {
      super("status " + status, null, false, false);
    }
  }

  private final CloseableHttpClient http =
      HttpClients.custom()
          .setConnectionManager(
              PoolingHttpClientConnectionManagerBuilder.create()
                  .setMaxConnPerRoute(200)
                  .setMaxConnTotal(200)
                  .build())
          .disableAutomaticRetries()
          .disableRedirectHandling()
          .disableCookieManagement()
          .build();

  private final String address = Surroundings.sink();

  /**
   * Makes one call.
   *
   * @throws RefusedException for any answer but 2xx
   */
  void call(SinkJob job, int attempt) {
    HttpPost post = new HttpPost(address);
    post.setHeader("Idempotency-Key", job.id());
    post.setHeader("Egression-Partition", job.key());
    post.setHeader("Egression-Place", job.place());
    post.setHeader("Egression-Attempt", attempt);
    post.setEntity(new StringEntity(job.body(attempt), ContentType.APPLICATION_JSON));
    try {
      int status =
          http.execute(
              post,
              answer -> {
                EntityUtils.consume(answer.getEntity());
                return answer.getCode();
              });
      if (status >= 300) {
        throw new RefusedException(status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
