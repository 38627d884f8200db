package io.egression.job;

import com.github.f4b6a3.uuid.UuidCreator;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work for one account. It carries no payload: objects are fetched when delivered.
 *
 * @param id also the connector's idempotency key, the same on every attempt
 * @param partitionKey the lane within the account
 * @param traceparent the producer's W3C trace context, if it sent one
 */
public record Job(
    UUID id,
    AccountKey account,
    String source,
    String partitionKey,
    boolean explicitKey,
    Action action,
    String objectType,
    List<String> objectIds,
    @Nullable Instant notBefore,
    int priority,
    @Nullable String traceparent) {
  public Job {
    objectIds = List.copyOf(objectIds);
  }

  /** A new job id: UUID version 7 (RFC 9562), so that ids sort by time of acceptance. */
  public static UUID newId() {
    return UuidCreator.getTimeOrderedEpochPlus1();
  }
}
