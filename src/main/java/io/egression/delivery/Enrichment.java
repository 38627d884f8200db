package io.egression.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Backoff;
import io.egression.job.Outcome;
import io.egression.ledger.JobQueries;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * Asks the Metadata API for the objects of the job in hand and takes its answers; the bean {@code
 * enrichment} of the enrich route. Thread safe.
 */
public final class Enrichment {
  /** The Metadata API's outage delays jobs and never counts against them. */
  private static final Backoff OUTAGE =
      new Backoff(Duration.ofSeconds(1), 2, Duration.ofSeconds(30), 0.2, 1, Duration.ofDays(365));

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String metadataUrl;
  private final JobQueries jobs;
  private final RandomGenerator random;

  public Enrichment(String metadataUrl, JobQueries jobs, RandomGenerator random) {
    this.metadataUrl = metadataUrl.replaceFirst("/+$", "");
    this.jobs = jobs;
    this.random = random;
  }

  /** Whether an object is still to be fetched. */
  public boolean isNeeded(@ExchangeProperty(Work.PROPERTY) Work work) {
    return work.isFetching();
  }

  /** Makes the message the request for the next object. */
  public void request(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Message message = exchange.getMessage();
    Messages.removeHeaders(message);
    message.setBody(null);
    message.setHeader(Exchange.HTTP_METHOD, "GET");
    message.setHeader(
        Exchange.HTTP_URI,
        metadataUrl + "/" + encoded(work.job.objectType()) + "/" + encoded(objectId(work)));
    message.setHeader(
        Exchange.HTTP_QUERY,
        "subscription="
            + encoded(work.run.account().subscription())
            + "&channel="
            + encoded(work.run.account().channel()));
    message.setHeader("Accept", "application/json");
    message.setHeader(Messages.TRACEPARENT, Messages.traceparent(work.job));
  }

  /** Takes the answer for the object asked for. */
  public void accept(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Integer status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    if (status != null && (status == 404 || status == 410)) {
      missing(work);
    } else if (status == null || status != 200) {
      throw new UndeliverableException(away(work, "status " + status));
    } else {
      work.objects.add(new Delivery.ObjectBody(objectId(work), json(exchange)));
    }
    work.fetched++;
    if (!work.isFetching() && work.objects.isEmpty()) {
      throw new UndeliverableException(
          new Outcome.Rejected(
              "the Metadata API does not know " + String.join(", ", work.missing), null));
    }
  }

  private void missing(Work work) {
    String id = objectId(work);
    Optional<UUID> delete = jobs.laterDelete(work.job.id(), id);
    if (delete.isPresent() && work.job.pending().size() == 1) {
      throw new UndeliverableException(
          new Outcome.Superseded("the object is gone; its delete is job " + delete.get()));
    }
    work.missing.add(id);
  }

  /** The Metadata API can't be asked now: the job waits, and it does not count against it. */
  Outcome away(Work work, String what) {
    return new Outcome.Delayed(
        OUTAGE.delay(1 + work.job.delays(), random), "Metadata API: " + what);
  }

  private static String objectId(Work work) {
    return work.job.pending().get(work.fetched);
  }

  private static @Nullable JsonNode json(Exchange exchange) {
    try {
      JsonNode json = JSON.readTree(exchange.getMessage().getBody(byte[].class));
      if (json != null && json.isObject()) {
        return json;
      }
    } catch (java.io.IOException e) {
      throw notAnObject(e);
    }
    throw notAnObject(null);
  }

  private static UndeliverableException notAnObject(@Nullable Throwable cause) {
    UndeliverableException undeliverable =
        new UndeliverableException(
            new Outcome.Rejected("the Metadata API's answer is not a JSON object", null));
    undeliverable.initCause(cause);
    return undeliverable;
  }

  /** Percent-encoded once (RFC 3986): a slash inside an id is no path separator. */
  static String encoded(String text) {
    if (text.equals(".") || text.equals("..")) {
      return text.replace(".", "%2E"); // else a path segment with a meaning of its own
    }
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A");
  }
}
