package io.egression.connector;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.NoHttpResponseException;

/** What kind of fault kept a call from being answered. */
public enum FaultKind {
  /** No connection could be opened: the call never reached the connector. */
  CONNECT,
  TLS,
  /** The host's name could not be resolved. */
  DNS,
  /** Too slow; it may have arrived. */
  TIMEOUT,
  /** The connection broke; it may have arrived. */
  RESET,
  /** Anything else, such as a mistake in a route. */
  OTHER;

  /** The word used in policies. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static FaultKind of(Throwable fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      FaultKind kind = kind(cause);
      if (kind != OTHER) {
        return kind;
      }
    }
    return OTHER;
  }

  private static FaultKind kind(Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return DNS;
    }
    if (cause instanceof ConnectException
        || cause instanceof NoRouteToHostException
        || cause instanceof ConnectTimeoutException) {
      return CONNECT;
    }
    if (cause instanceof SSLException) {
      return TLS;
    }
    if (cause instanceof SocketTimeoutException) {
      return TIMEOUT;
    }
    boolean broken =
        cause instanceof SocketException
            || cause instanceof NoHttpResponseException
            || cause instanceof ConnectionClosedException
            || cause instanceof java.io.EOFException;
    return broken || isStreamBroken(cause) ? RESET : OTHER;
  }

  /** HttpClient reports some breaks as a plain IOException from its own packages. */
  private static boolean isStreamBroken(Throwable cause) {
    return cause instanceof IOException
        && cause.getClass().getName().startsWith("org.apache.hc.core5.http.");
  }
}
