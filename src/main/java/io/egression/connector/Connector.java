package io.egression.connector;

import java.util.Map;
import java.util.Set;

/**
 * How a kind of destination is called: a Kamelet and its policy.
 *
 * @param properties the Kamelet's parameters, by name; true: required
 * @param secret those of them that are secret
 * @param accountClient its calls go through the account's own HTTP client
 */
public record Connector(
    String id,
    Map<String, Boolean> properties,
    Set<String> secret,
    boolean accountClient,
    Policy policy) {
  /** One that has no secrets and can't authenticate. */
  public Connector(String id, Map<String, Boolean> properties, Policy policy) {
    this(id, properties, Set.of(), false, policy);
  }

  /** The same under another policy. */
  Connector with(Policy other) {
    return new Connector(id, properties, secret, accountClient, other);
  }

  Set<String> required() {
    return properties.entrySet().stream()
        .filter(Map.Entry::getValue)
        .map(Map.Entry::getKey)
        .collect(java.util.stream.Collectors.toUnmodifiableSet());
  }
}
