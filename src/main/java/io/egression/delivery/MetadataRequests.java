package io.egression.delivery;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

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

  /** The route that asks for objects of this type: its own, if there is one. */
  static String route(CamelContext camel, String objectType) {
    String own = ROUTE + "-" + objectType;
    return camel.hasEndpoint(own) == null ? ROUTE : own;
  }

  /**
   * Makes the message the request for one object.
   *
   * @param kept what it need not send again if it is still the same
   */
  void write(Message message, Work work, String id, ObjectCache.@Nullable Kept kept) {
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
            + encoded(work.run.account().channel())
            + include(work));
    message.setHeader("Accept", "application/json");
    message.setHeader(Messages.TRACEPARENT, Messages.traceparent(work.job));
    if (kept != null && kept.etag() != null) {
      message.setHeader("If-None-Match", kept.etag());
    }
  }

  private static String include(Work work) {
    List<String> include = work.include();
    return include.isEmpty() ? "" : "&include=" + String.join(",", include);
  }

  /** Percent-encoded once (RFC 3986): a slash inside an id is no path separator. */
  static String encoded(String text) {
    if (text.equals(".") || text.equals("..")) {
      return text.replace(".", "%2E"); // else a path segment with a meaning of its own
    }
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A");
  }
}
