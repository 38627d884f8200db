package io.egression.delivery;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** Writes requests to the Metadata API. Thread safe. */
public final class MetadataRequests {
  static final String ROUTE = "direct:metadata";

  private final String url;

  /**
   * @param url of the Metadata API
   */
  public MetadataRequests(String url) {
    this.url = url.replaceFirst("/+$", "");
  }

  /** Makes the message the request for one object. */
  void write(Message message, Work work, String id) {
    Messages.removeHeaders(message);
    message.setBody(null);
    message.setHeader(Exchange.HTTP_METHOD, "GET");
    message.setHeader(
        Exchange.HTTP_URI, url + "/" + encoded(work.job.objectType()) + "/" + encoded(id));
    message.setHeader(
        Exchange.HTTP_QUERY,
        "subscription="
            + encoded(work.run.account().subscription())
            + "&channel="
            + encoded(work.run.account().channel()));
    message.setHeader("Accept", "application/json");
    message.setHeader(Messages.TRACEPARENT, Messages.traceparent(work.job));
  }

  /** Percent-encoded once (RFC 3986): a slash inside an id is no path separator. */
  static String encoded(String text) {
    if (text.equals(".") || text.equals("..")) {
      return text.replace(".", "%2E"); // else a path segment with a meaning of its own
    }
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A");
  }
}
