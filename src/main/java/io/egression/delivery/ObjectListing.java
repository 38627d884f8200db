package io.egression.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.egression.connector.FaultKind;
import io.egression.job.AccountKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.jspecify.annotations.Nullable;

/** Asks the Metadata API which objects there are of a type. Thread safe. */
public final class ObjectListing {
  /**
   * Some of the objects.
   *
   * @param next where to go on; null: these were the last
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Page(List<String> ids, @Nullable String next) {}

  /** The Metadata API does not say; why is in the message. */
  public static final class NoListingException extends Exception {
    private static final long serialVersionUID = 1L;

    NoListingException(String message) {
      super(message);
    }
  }

  /** Of a listing, among the lanes that share the API's rate. */
  private static final long LANE = -1;

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ProducerTemplate camel;
  private final Enrichment.Api api;

  public ObjectListing(ProducerTemplate camel, Enrichment.Api api) {
    this.camel = camel;
    this.api = api;
  }

  /**
   * @param after what the page before called the next; null: from the first
   */
  public Page page(AccountKey account, String objectType, @Nullable String after)
      throws NoListingException {
    keepPace();
    Exchange answered =
        camel.request(
            MetadataRequests.ROUTE,
            exchange ->
                api.requests().writeListing(exchange.getMessage(), account, objectType, after));
    if (answered.getException() != null) {
      throw new NoListingException(
          "it does not answer: " + FaultKind.of(answered.getException()).word());
    }
    Message answer = answered.getMessage();
    Integer status = answer.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    if (status == null || status != 200) {
      throw new NoListingException(
          "GET {url}/%s answers status %s, not a list of ids".formatted(objectType, status));
    }
    return page(answer);
  }

  private void keepPace() throws NoListingException {
    Duration wait = api.pace().ask(LANE, System.nanoTime());
    while (!wait.isZero()) {
      if (wait.compareTo(PATIENCE) > 0 || Thread.currentThread().isInterrupted()) {
        throw new NoListingException("its limit, " + api.pace() + ", leaves no room at present");
      }
      LockSupport.parkNanos(wait.toNanos());
      wait = api.pace().ask(LANE, System.nanoTime());
    }
  }

  private static Page page(Message answer) throws NoListingException {
    try {
      JsonNode listing = MetadataBody.object(MetadataBody.bytes(answer));
      if (!listing.path("ids").isArray()) {
        throw new NoListingException("its answer has no list of ids");
      }
      List<String> ids = new ArrayList<>();
      for (JsonNode id : listing.get("ids")) {
        if (!id.isTextual()) {
          throw new NoListingException("its list of ids has something that is no string");
        }
        ids.add(id.asText());
      }
      String next = listing.path("next").asText("");
      return new Page(ids, next.isEmpty() ? null : next);
    } catch (MetadataBody.NotJsonException | MetadataBody.UnfitException e) {
      throw new NoListingException("its answer " + e.getMessage());
    }
  }
}
