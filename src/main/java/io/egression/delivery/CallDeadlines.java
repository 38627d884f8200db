package io.egression.delivery;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Ends HTTP calls at their total deadline by closing the connection, also where the answer drips in
 * so slowly that no socket timeout ever strikes. Thread safe.
 */
public final class CallDeadlines implements HttpClientConfigurer, AutoCloseable {
  /** One call and its deadline; closed when the answer is there. */
  final class Call implements AutoCloseable {
    private final Future<?> alarm;
    private @Nullable ExecRuntime connection;
    private boolean expired;
    private @Nullable AccessToken token;

    private Call(Duration total) {
      alarm = timer.schedule(this::expire, total.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void expire() {
      expired = true;
      if (connection != null) {
        connection.discardEndpoint();
      }
    }

    synchronized void uses(ExecRuntime runtime) {
      connection = runtime;
    }

    /** What lets it in; null: nothing that is fetched. */
    @Nullable AccessToken token() {
      return token;
    }

    synchronized boolean isExpired() {
      return expired;
    }

    @Override
    public void close() {
      alarm.cancel(false);
      current.remove();
    }
  }

  private final ThreadLocal<Call> current = new ThreadLocal<>();
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1,
          work -> {
            Thread thread = new Thread(work, "egression-deadlines");
            thread.setDaemon(true);
            return thread;
          });

  public CallDeadlines() {
    timer.setRemoveOnCancelPolicy(true);
  }

  /** The call that this thread makes from now on. */
  Call start(Duration total) {
    return start(total, null);
  }

  /**
   * See {@link #start(Duration)}.
   *
   * @param token what lets it in
   */
  Call start(Duration total, @Nullable AccessToken token) {
    Call call = new Call(total);
    call.token = token;
    current.set(call);
    return call;
  }

  /** The call that this thread makes, if any. */
  @Nullable Call current() {
    return current.get();
  }

  @Override
  public void configureHttpClient(HttpClientBuilder client) {
    client.addExecInterceptorFirst(
        "deadline",
        (request, scope, chain) -> {
          Call call = current.get();
          if (call != null) {
            call.uses(scope.execRuntime);
          }
          return chain.proceed(request, scope);
        });
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
