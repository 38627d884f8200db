package io.egression.connector;

import io.egression.job.AccountKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One subscription's channel, as configured.
 *
 * @param connector with the policy as this account overrides it
 * @param parameters of the connector's Kamelet, placeholders resolved, without secret ones
 * @param window the most runs in the broker at once
 * @param runSize the most jobs in a run
 * @param writeBehind for how long calls of a key may go on before earlier answers are durable
 * @param include by object type, the related objects that come with its objects
 * @param dependsOn by object type, the types whose earlier jobs of the same id go first
 * @param access what lets its calls in
 * @param hours when its jobs are delivered; null: always
 * @param filtering what of them is
 * @param supersede a later update takes the place of one that waits
 * @param retention how long its final jobs are kept
 * @param generation 0 since the start; one more with each edit of what its calls depend on
 */
public record Account(
    AccountKey key,
    Connector connector,
    Map<String, String> parameters,
    PartitionBy partitionBy,
    Payload payload,
    int window,
    int runSize,
    Duration writeBehind,
    boolean holdOnDead,
    Map<String, List<String>> include,
    Map<String, List<String>> dependsOn,
    Access access,
    @Nullable DeliveryHours hours,
    Filtering filtering,
    boolean supersede,
    Retention retention,
    int generation) {
  /** An account without secrets. */
  public Account(
      AccountKey key,
      Connector connector,
      Map<String, String> parameters,
      PartitionBy partitionBy,
      Payload payload,
      int window,
      int runSize,
      boolean holdOnDead) {
    this(
        key,
        connector,
        parameters,
        partitionBy,
        payload,
        window,
        runSize,
        Duration.ZERO,
        holdOnDead,
        Map.of(),
        Map.of(),
        Access.OPEN,
        null,
        Filtering.NONE,
        false,
        Retention.STANDARD,
        0);
  }

  /**
   * What decides whether a job is delivered.
   *
   * @param filters all must match
   * @param deleteUnmatched what was delivered and does not match any more is deleted there
   */
  public record Filtering(List<FilterDefinition> filters, boolean deleteUnmatched) {
    public static final Filtering NONE = new Filtering(List.of(), false);

    public Filtering {
      filters = List.copyOf(filters);
    }
  }

  /** What is sent of an object. */
  public enum Payload {
    /** Its body, fetched when it is delivered. */
    FULL,
    /** Its id alone. */
    REFERENCE
  }

  /** The most runs in the broker, and so calls, at once. */
  public int atOnce() {
    Integer most = connector.policy().allowance().accountConcurrency();
    return most == null ? window : Math.min(window, most);
  }

  /**
   * The Camel endpoint of this account: an instance of the connector's Kamelet of its own. Secret
   * parameters are not in it, because Camel shows endpoints in logs and errors.
   */
  public String endpoint() {
    return KameletUri.of(connector.template(), instance(), parameters);
  }

  /**
   * What names its instance of the Kamelet, its HTTP client and its secrets: another one after each
   * edit, so that calls under way keep what they began with.
   */
  public String instance() {
    return generation == 0 ? key.toString() : key + "~" + generation;
  }

  /** With the connector's next generation, and one of its own if its calls are other ones. */
  Account after(@Nullable Account before, Connector next) {
    int generation = before == null ? 0 : before.generation + (before.calls(next, this) ? 0 : 1);
    return new Account(
        key,
        connector.with(next.kamelet()),
        parameters,
        partitionBy,
        payload,
        window,
        runSize,
        writeBehind,
        holdOnDead,
        include,
        dependsOn,
        access,
        hours,
        filtering,
        supersede,
        retention,
        generation);
  }

  private boolean calls(Connector next, Account other) {
    return connector.id().equals(next.id())
        && connector.kamelet().equals(next.kamelet())
        && connector.policy().timeouts().equals(other.connector.policy().timeouts())
        && parameters.equals(other.parameters)
        && access.equals(other.access);
  }
}
