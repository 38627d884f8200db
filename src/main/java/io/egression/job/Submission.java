package io.egression.job;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job as its producer handed it over, valid in itself, before it is fanned out to accounts.
 *
 * @param channel absent: one job per account of the subscription
 * @param notBefore absent: now
 * @param partitionKey absent: the account's partitioning decides
 * @param idempotencyKey unique per subscription and source
 * @param batch that it joins
 * @param after objects whose jobs in the batch have to end first
 * @param correlationId the producer's own word for it, told with its end
 * @param priority 0 (last) to 9 (first), as in JMS; orders lanes, never jobs within one
 */
public record Submission(
    String subscription,
    String source,
    @Nullable String channel,
    Action action,
    String objectType,
    List<String> objectIds,
    @Nullable Instant notBefore,
    @Nullable String partitionKey,
    @Nullable String idempotencyKey,
    int priority,
    @Nullable UUID batch,
    List<ObjectRef> after,
    @Nullable String correlationId) {
  /** One of no batch. */
  public Submission(
      String subscription,
      String source,
      @Nullable String channel,
      Action action,
      String objectType,
      List<String> objectIds,
      @Nullable Instant notBefore,
      @Nullable String partitionKey,
      @Nullable String idempotencyKey,
      int priority) {
    this(
        subscription,
        source,
        channel,
        action,
        objectType,
        objectIds,
        notBefore,
        partitionKey,
        idempotencyKey,
        priority,
        null,
        List.of(),
        null);
  }

  public static final int DEFAULT_PRIORITY = 4;

  public Submission {
    objectIds = List.copyOf(objectIds);
    after = List.copyOf(after);
    if (objectIds.isEmpty()) {
      throw new IllegalArgumentException("a job has at least one object id");
    }
  }
}
