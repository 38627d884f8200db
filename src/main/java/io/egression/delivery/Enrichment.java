package io.egression.delivery;

import io.egression.job.Outcome;
import io.egression.ledger.JobQueries;
import io.egression.ledger.Node;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;

/**
 * Asks the Metadata API for the objects of the job in hand and takes its answers; the bean {@code
 * enrichment} of the enrich route. Thread safe.
 */
public final class Enrichment {
  private static final Duration SOON = Duration.ofSeconds(1);

  /** A job's objects together, in answers of the largest size. */
  private static final int ANSWERS = 4;

  private final MetadataRequests requests;
  private final MetadataOutage outage;
  private final MetadataClient.Bounds bounds;
  private final JobQueries jobs;
  private final Node node;

  public Enrichment(
      MetadataRequests requests,
      MetadataOutage outage,
      MetadataClient.Bounds bounds,
      JobQueries jobs,
      Node node) {
    this.requests = requests;
    this.outage = outage;
    this.bounds = bounds;
    this.jobs = jobs;
    this.node = node;
  }

  /** Whether an object is still to be fetched. */
  public boolean isNeeded(@ExchangeProperty(Work.PROPERTY) Work work) {
    return work.isFetching();
  }

  /** Makes the message the request for the next object. */
  public void request(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    outage.letItBe(MetadataRequests.ROUTE);
    if (!node.outlives(bounds.total())) {
      throw new UndeliverableException(
          new Outcome.Delayed(
              SOON, "this node's lease would not outlive the Metadata API's answer"));
    }
    requests.write(exchange.getMessage(), work, work.nextId());
  }

  /** Takes the answer for the object asked for. */
  public void accept(Exchange exchange) throws AnswerTooBigException {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Integer status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    if (status != null && (status == 404 || status == 410)) {
      missing(work);
    } else if (status == null || status == 200) { // none: a route that asks something else
      found(work, body(exchange));
    } else {
      throw new UndeliverableException(
          outage.refused(work, MetadataRequests.ROUTE, exchange.getMessage()));
    }
    if (!work.isFetching() && work.objects.isEmpty()) {
      throw new UndeliverableException(
          new Outcome.Rejected(
              "the Metadata API does not know " + String.join(", ", work.missing), null));
    }
  }

  private byte[] body(Exchange exchange) throws AnswerTooBigException {
    byte[] body = exchange.getMessage().getBody(byte[].class);
    if (body != null && body.length > bounds.most()) { // a route without the metadataClient
      throw new AnswerTooBigException(bounds.most());
    }
    return body == null ? new byte[0] : body;
  }

  private void found(Work work, byte[] body) {
    String id = work.nextId();
    try {
      work.found(new Delivery.ObjectBody(id, MetadataBody.object(body)), body.length);
    } catch (MetadataBody.NotJsonException e) {
      throw new UndeliverableException(
          outage.away(work, "its answer for " + id + " " + e.getMessage()));
    } catch (MetadataBody.UnfitException e) {
      throw unfit(id, e.getMessage());
    }
    if (work.bytes > ANSWERS * (long) bounds.most()) {
      throw new UndeliverableException(
          new Outcome.Rejected(
              "its objects together are larger than %d times egression.metadata.max-body"
                  .formatted(ANSWERS),
              null));
    }
  }

  /** The answer for the object asked for is too big to be taken in. */
  public void tooBig(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    throw unfit(work.nextId(), "is larger than " + bounds.most() + " bytes");
  }

  /** Wrong for this one object: the next answer would be no better. */
  private static UndeliverableException unfit(String id, String what) {
    return new UndeliverableException(
        new Outcome.Rejected("the Metadata API's answer for " + id + " " + what, null));
  }

  private void missing(Work work) {
    String id = work.nextId();
    Optional<UUID> delete = jobs.laterDelete(work.job.id(), id);
    if (delete.isPresent() && work.job.pending().size() == 1) {
      throw new UndeliverableException(
          new Outcome.Superseded("the object is gone; its delete is job " + delete.get()));
    }
    work.missing(id);
  }

  /** The Metadata API can't be asked now: the job waits, and it does not count against it. */
  Outcome away(Work work, String what) {
    return outage.away(work, what);
  }
}
