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
 * @param belt of a batch; null: it is in none
 * @param supersede whether it may take the place of an earlier one of its object that waits
 * @param traceparent the producer's W3C trace context, if it sent one
 * @param after objects whose earlier jobs, at the same account, have to end first
 * @param correlationId the producer's own word for it
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
    @Nullable String traceparent,
    @Nullable BeltPlace belt,
    boolean supersede,
    List<ObjectRef> after,
    @Nullable String correlationId) {
  /**
   * Where a job of a batch stands.
   *
   * @param belt from 1
   */
  public record BeltPlace(UUID batch, int belt) {
    /** Whether its belt may be closed: the first one never is. */
    public boolean mayWait() {
      return belt > 1;
    }
  }

  /** A job of no batch. */
  public Job(
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
    this(
        id,
        account,
        source,
        partitionKey,
        explicitKey,
        action,
        objectType,
        objectIds,
        notBefore,
        priority,
        traceparent,
        null,
        false,
        List.of(),
        null);
  }

  public Job {
    objectIds = List.copyOf(objectIds);
    after = List.copyOf(after);
  }

  /** A new job id: UUID version 7 (RFC 9562), so that ids sort by time of acceptance. */
  public static UUID newId() {
    return UuidCreator.getTimeOrderedEpochPlus1();
  }
}
