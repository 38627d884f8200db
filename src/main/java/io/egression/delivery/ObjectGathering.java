package io.egression.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.job.Outcome;
import io.egression.ledger.JobQueries;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.camel.Message;

/** Gives the job in hand its objects, or says why it cannot have them. Thread safe. */
final class ObjectGathering {
  /** A job's objects together, in answers of the largest size. */
  private static final int ANSWERS = 4;

  private final MetadataOutage outage;
  private final int most;
  private final JobQueries jobs;

  /**
   * @param most bytes of an answer
   */
  ObjectGathering(MetadataOutage outage, int most, JobQueries jobs) {
    this.outage = outage;
    this.most = most;
    this.jobs = jobs;
  }

  /** What the answer says, of which a route without the metadataClient may have read too much. */
  byte[] body(Message answer) throws AnswerTooBigException {
    byte[] body = MetadataBody.bytes(answer);
    if (body.length > most) {
      throw new AnswerTooBigException(most);
    }
    return body;
  }

  void take(Work work, Ahead.Fetched object) {
    JsonNode body = object.body();
    if (body == null) {
      missing(work);
    } else {
      // a copy: another job of the run may carry the same object
      found(work, () -> MetadataBody.requireObject(body.deepCopy()), object.size());
    }
  }

  void found(Work work, byte[] body) {
    found(work, () -> MetadataBody.object(body), body.length);
  }

  private void found(Work work, Supplier<JsonNode> body, int size) {
    String id = work.nextId();
    try {
      work.found(new Delivery.ObjectBody(id, body.get()), size);
    } catch (MetadataBody.NotJsonException e) {
      throw new UndeliverableException(
          outage.away(work, "its answer for " + id + " " + e.getMessage()));
    } catch (MetadataBody.UnfitException e) {
      throw unfit(id, e.getMessage());
    }
    if (work.bytes > ANSWERS * (long) most) {
      throw rejected(
          "its objects together are larger than %d times egression.metadata.max-body"
              .formatted(ANSWERS));
    }
  }

  /** The Metadata API does not know the next object. */
  void missing(Work work) {
    String id = work.nextId();
    Optional<UUID> delete = jobs.laterDelete(work.job.id(), id);
    if (delete.isPresent() && work.job.pending().size() == 1) {
      throw new UndeliverableException(
          new Outcome.Superseded("the object is gone; its delete is job " + delete.get()));
    }
    work.missing(id);
    if (!work.isFetching() && work.objects.isEmpty()) {
      throw rejected("the Metadata API does not know " + String.join(", ", work.missing));
    }
  }

  /** The answer for the next object, alone, is too big to be taken in. */
  UndeliverableException tooBig(Work work) {
    return unfit(work.nextId(), "is larger than " + most + " bytes");
  }

  /** Wrong for this one object: the next answer would be no better. */
  private static UndeliverableException unfit(String id, String what) {
    return rejected("the Metadata API's answer for " + id + " " + what);
  }

  private static UndeliverableException rejected(String reason) {
    return new UndeliverableException(new Outcome.Rejected(reason, null));
  }
}
