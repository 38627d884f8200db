package io.egression.connector;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.activemq.artemis.api.core.ActiveMQConnectionTimedOutException;
import org.apache.activemq.artemis.api.core.ActiveMQDisconnectedException;
import org.apache.activemq.artemis.api.core.ActiveMQNotConnectedException;
import org.apache.activemq.artemis.api.core.ActiveMQUnBlockedException;
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
    return causes(fault).stream()
        .map(FaultKind::kind)
        .filter(kind -> kind != OTHER)
        .findFirst()
        .orElse(OTHER);
  }

  /** The fault, its cause and so on; causes can go round in a circle. */
  static List<Throwable> causes(Throwable fault) {
    Set<Throwable> causes = new LinkedHashSet<>();
    for (Throwable cause = fault; cause != null && causes.add(cause); cause = cause.getCause()) {}
    return List.copyOf(causes);
  }

  private static FaultKind kind(Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return DNS;
    }
    if (cause instanceof ConnectException
        || cause instanceof NoRouteToHostException
        || cause instanceof BindException
        || cause instanceof ConnectTimeoutException
        || cause instanceof ActiveMQNotConnectedException
        || isUnreachable(cause)) {
      return CONNECT;
    }
    if (cause instanceof SSLException) {
      return isBrokenLater(cause) ? RESET : TLS;
    }
    if (cause instanceof SocketTimeoutException
        || cause instanceof ActiveMQConnectionTimedOutException) {
      return TIMEOUT;
    }
    boolean broken =
        cause instanceof SocketException
            || cause instanceof NoHttpResponseException
            || cause instanceof ConnectionClosedException
            || cause instanceof java.io.EOFException
            || cause instanceof ActiveMQDisconnectedException
            || cause instanceof ActiveMQUnBlockedException;
    return broken || isStreamBroken(cause) ? RESET : OTHER;
  }

  private static boolean isUnreachable(Throwable cause) {
    return cause instanceof SocketException
        && String.valueOf(cause.getMessage()).contains("is unreachable");
  }

  /** A connection that breaks after the handshake is reported as a fault of TLS, too. */
  private static boolean isBrokenLater(Throwable cause) {
    return !(cause instanceof SSLHandshakeException) && cause.getCause() instanceof SocketException;
  }

  /** HttpClient reports some breaks as a plain IOException from its own packages. */
  private static boolean isStreamBroken(Throwable cause) {
    return cause instanceof IOException
        && cause.getClass().getName().startsWith("org.apache.hc.core5.http.");
  }
}
