package io.egression;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** Requests that no HTTP client would send, byte by byte. */
final class RawHttp {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int SILENCE_MILLIS = 300;

  private RawHttp() {}

  /** Sends the text and reads until the server closes or is silent after it has spoken. */
  static String ask(TestHub hub, String request) {
    return ask(hub.hub().address(), request);
  }

  static String ask(URI address, String request) {
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      StringBuilder answer = new StringBuilder();
      byte[] buffer = new byte[65_536];
      try {
        socket.setSoTimeout(PATIENCE_MILLIS);
        for (int n = socket.getInputStream().read(buffer);
            n >= 0;
            n = socket.getInputStream().read(buffer)) {
          answer.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
          socket.setSoTimeout(SILENCE_MILLIS);
        }
      } catch (SocketTimeoutException e) {
        return answer.toString();
      }
      return answer.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
