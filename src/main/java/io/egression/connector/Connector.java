package io.egression.connector;

import java.util.Map;
import java.util.Set;

/**
 * How a kind of destination is called: a Kamelet and its policy.
 *
 * @param properties the Kamelet's parameters, by name; true: required
 */
public record Connector(String id, Map<String, Boolean> properties, Policy policy) {
  Set<String> required() {
    return properties.entrySet().stream()
        .filter(Map.Entry::getValue)
        .map(Map.Entry::getKey)
        .collect(java.util.stream.Collectors.toUnmodifiableSet());
  }
}
