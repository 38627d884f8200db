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
 * @param now how things stood at the claim
 */
public record Run(
    UUID id,
    UUID node,
    long lane,
    AccountKey account,
    String partitionKey,
    Standing now,
    List<Item> jobs) {
  /**
   * What else the claim found.
   *
   * @param paused the account or its connector is paused: no call
   * @param turn when its turn at a limit was due; null: it waited for none
   * @param probing the breaker lets one call at a time try whether the account works again
   */
  public record Standing(boolean paused, @Nullable Instant turn, boolean probing) {
    public static final Standing NORMAL = new Standing(false, null, false);
  }

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
   * @param throttles of those, how many were refused for their number
   * @param failingSince when the first of them was made
   * @param delays in a row, before a call
   * @param lost claims lost with their node
   * @param cancelAsked by whom, while an earlier run held it
   * @param due since when it might have been delivered
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
      int throttles,
      int delays,
      int lost,
      int deaths,
      @Nullable String cancelAsked,
      Instant due) {}
}
