package io.egression.delivery;

import io.egression.job.Outcome;
import io.egression.ledger.JobQueries;
import io.egression.ledger.Node;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;
import org.apache.camel.Message;

/**
 * Asks the Metadata API for the objects of the job in hand and takes its answers; the bean {@code
 * enrichment} of the enrich route. Thread safe.
 */
public final class Enrichment {
  private static final Duration SOON = Duration.ofSeconds(1);

  /** A job's objects together, in answers of the largest size. */
  private static final int ANSWERS = 4;

  /** The exchange's property: the route that is to ask; null: there is nothing to ask. */
  private static final String ROUTE = "metadata";

  private final MetadataRequests requests;
  private final MetadataOutage outage;
  private final MetadataClient.Bounds bounds;
  private final ObjectCache cache;
  private final JobQueries jobs;
  private final Node node;

  /** The Metadata API. */
  public record Api(
      MetadataRequests requests, MetadataClient.Bounds bounds, MetadataOutage outage) {}

  public Enrichment(Api api, ObjectCache cache, JobQueries jobs, Node node) {
    this.requests = api.requests;
    this.bounds = api.bounds;
    this.outage = api.outage;
    this.cache = cache;
    this.jobs = jobs;
    this.node = node;
  }

  /** Whether an object is still to be fetched. */
  public boolean isNeeded(@ExchangeProperty(Work.PROPERTY) Work work) {
    return work.isFetching();
  }

  /**
   * Takes the next object from those that may be used again; else it makes the message the request
   * for it, and the property {@code metadata} the route that asks.
   */
  public void next(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    ObjectCache.Kept kept = cache.find(key(work));
    if (kept != null && kept.isFresh()) {
      found(work, kept.body());
      exchange.removeProperty(ROUTE);
      return;
    }
    String route = MetadataRequests.route(exchange.getContext(), work.job.objectType());
    outage.letItBe(route);
    if (!node.outlives(bounds.total())) {
      throw new UndeliverableException(
          new Outcome.Delayed(
              SOON, "this node's lease would not outlive the Metadata API's answer"));
    }
    requests.write(exchange.getMessage(), work, work.nextId(), kept);
    work.question = new Work.Question(route, kept, System.nanoTime());
    exchange.setProperty(ROUTE, route);
  }

  private static ObjectCache.Key key(Work work) {
    return new ObjectCache.Key(
        work.job.objectType(), work.nextId(), work.run.account(), work.include());
  }

  /** Takes the answer for the object asked for. */
  public void accept(Exchange exchange) throws AnswerTooBigException {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Message answer = exchange.getMessage();
    Integer status = answer.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    ObjectCache.Kept kept = work.question.kept();
    if (status != null && (status == 404 || status == 410)) {
      cache.forget(key(work));
      missing(work);
    } else if (status != null && status == 304 && kept != null) {
      cache.keep(key(work), kept.renewed(answer, work.question.askedNanos()));
      found(work, kept.body());
    } else if (status == null || status == 200) { // none: a route that asks something else
      byte[] body = body(answer);
      ObjectCache.Key key = key(work);
      found(work, body);
      cache.keep(key, ObjectCache.Kept.of(body, answer, work.question.askedNanos()));
    } else {
      throw new UndeliverableException(outage.refused(work, work.question.route(), answer));
    }
    if (!work.isFetching() && work.objects.isEmpty()) {
      throw new UndeliverableException(
          new Outcome.Rejected(
              "the Metadata API does not know " + String.join(", ", work.missing), null));
    }
  }

  private byte[] body(Message answer) throws AnswerTooBigException {
    byte[] body = MetadataBody.bytes(answer);
    if (body.length > bounds.most()) { // a route without the metadataClient
      throw new AnswerTooBigException(bounds.most());
    }
    return body;
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
