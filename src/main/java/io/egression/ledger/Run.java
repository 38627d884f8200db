package io.egression.ledger;

import io.egression.job.AccountKey;
import io.egression.job.Action;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The next jobs of one lane, claimed by this node: delivered one after another, in order.
 *
 * @param node whose lease it holds
 */
public record Run(
    UUID id, UUID node, long lane, AccountKey account, String partitionKey, List<Item> jobs) {
  /** As the broker shows it: subscription/channel/key. */
  public String group() {
    return account + "/" + partitionKey;
  }

  /**
   * One job of a run, as it stands.
   *
   * @param pending the object ids still to be delivered
   * @param attempts calls made so far
   * @param failures of those, how many count against the policy
   * @param failingSince when the first of them was made
   * @param delays in a row, before a call
   * @param cancelAsked by whom, while an earlier run held it
   */
  public record Item(
      UUID id,
      long place,
      String source,
      Action action,
      String objectType,
      List<String> objectIds,
      List<String> pending,
      @Nullable String traceparent,
      int attempts,
      int failures,
      @Nullable Instant failingSince,
      int delays,
      int deaths,
      @Nullable String cancelAsked) {}
}
