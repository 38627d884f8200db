package io.egression.delivery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.job.AccountKey;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/** Writes requests to the Metadata API. Thread safe. */
public final class MetadataRequests {
  static final String ROUTE = "direct:metadata";

  private final String url;
  private final int batch;

  /**
   * @param url of the Metadata API
   * @param batch the most objects in one request
   */
  public MetadataRequests(String url, int batch) {
    this.url = url.replaceFirst("/+$", "");
    this.batch = batch;
  }

  /** The route that asks for objects of this type: its own, if there is one. */
  static String route(CamelContext camel, String objectType) {
    String own = ROUTE + "-" + objectType;
    return camel.hasEndpoint(own) == null ? ROUTE : own;
  }

  private static Work.Question asked(Work work) {
    return Objects.requireNonNull(work.question);
  }

  /** The objects to ask for now: the next one, and others with it if that may be. */
  List<String> ids(Work work, RunInHand run, String route) {
    boolean several = batch > 1 && route.equals(ROUTE) && !work.oneByOne;
    return several ? Ahead.ids(work, run.following(), batch) : List.of(work.nextId());
  }

  /** Makes the message the request for several objects. */
  void writeQuery(Message message, Work work, List<String> ids) {
    ObjectNode query = JsonNodeFactory.instance.objectNode();
    ids.forEach(query.putArray("ids")::add);
    query.put("subscription", work.run.account().subscription());
    query.put("channel", work.run.account().channel());
    work.include().forEach(query.putArray("include")::add);
    Messages.removeHeaders(message);
    message.setBody(query.toString().getBytes(StandardCharsets.UTF_8));
    message.setHeader(Exchange.HTTP_METHOD, "POST");
    message.setHeader(Exchange.HTTP_URI, url + "/" + encoded(work.job.objectType()) + "/query");
    message.setHeader(Exchange.CONTENT_TYPE, "application/json");
    message.setHeader("Accept", "application/json");
    message.setHeader(Messages.TRACEPARENT, asked(work).traceparent());
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
    message.setHeader(Exchange.HTTP_QUERY, of(work.run.account()) + include(work));
    message.setHeader("Accept", "application/json");
    message.setHeader(Messages.TRACEPARENT, asked(work).traceparent());
    if (kept != null && kept.etag() != null) {
      message.setHeader("If-None-Match", kept.etag());
    }
  }

  /**
   * Makes the message the request for the ids of a type's objects.
   *
   * @param after what the answer before called the next; null: from the first
   */
  void writeListing(
      Message message, AccountKey account, String objectType, @Nullable String after) {
    Messages.removeHeaders(message);
    message.setBody(null);
    message.setHeader(Exchange.HTTP_METHOD, "GET");
    message.setHeader(Exchange.HTTP_URI, url + "/" + encoded(objectType));
    message.setHeader(
        Exchange.HTTP_QUERY, of(account) + (after == null ? "" : "&cursor=" + encoded(after)));
    message.setHeader("Accept", "application/json");
  }

  private static String of(AccountKey account) {
    return "subscription="
        + encoded(account.subscription())
        + "&channel="
        + encoded(account.channel());
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
