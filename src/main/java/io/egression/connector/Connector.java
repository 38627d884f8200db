package io.egression.connector;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a kind of destination is called: a Kamelet and its policy.
 *
 * @param properties the Kamelet's parameters, by name; true: required
 * @param secret those of them that are secret
 * @param kamelet which version of the Kamelet
 * @param accountClient its calls go through the account's own HTTP client
 */
public record Connector(
    String id,
    Map<String, Boolean> properties,
    Set<String> secret,
    boolean accountClient,
    Policy policy,
    Kamelet kamelet) {
  /**
   * A version of a Kamelet's file.
   *
   * @param hash of its content
   * @param generation 0 since the start; one more with each edit
   * @param knowsDeliveries it does itself what is to be done with a job's objects; else it is given
   *     their JSON, as it may be one that knows nothing of the hub
   */
  public record Kamelet(String hash, int generation, boolean knowsDeliveries) {
    static final Kamelet FIRST = new Kamelet("", 0, true);
  }

  /** One that has no secrets and can't authenticate. */
  public Connector(String id, Map<String, Boolean> properties, Policy policy) {
    this(id, properties, Set.of(), false, policy, Kamelet.FIRST);
  }

  /** The same under another policy. */
  Connector with(Policy other) {
    return new Connector(id, properties, secret, accountClient, other, kamelet);
  }

  /** The same of this version of its Kamelet. */
  Connector with(Kamelet other) {
    return new Connector(id, properties, secret, accountClient, policy, other);
  }

  /** The next generation, if its Kamelet is not as it was. */
  Connector after(@Nullable Connector before) {
    if (before == null) {
      return this;
    }
    boolean same = before.kamelet.hash.equals(kamelet.hash);
    int generation = before.kamelet.generation + (same ? 0 : 1);
    return new Connector(
        id,
        properties,
        secret,
        accountClient,
        policy,
        new Kamelet(kamelet.hash, generation, kamelet.knowsDeliveries));
  }

  /** What Camel knows this version of the Kamelet by. */
  public String template() {
    return kamelet.generation == 0 ? id : id + "_" + kamelet.generation;
  }

  Set<String> required() {
    return properties.entrySet().stream()
        .filter(Map.Entry::getValue)
        .map(Map.Entry::getKey)
        .collect(java.util.stream.Collectors.toUnmodifiableSet());
  }
}
