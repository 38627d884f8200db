package io.egression.connector;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What lets an account's calls in.
 *
 * @param parameters of the connector's Kamelet, those that it says are secret
 */
public record Access(Authentication authentication, Map<String, Secret> parameters) {
  /** An account without secrets. */
  public static final Access OPEN = new Access(new Authentication.None(), Map.of());

  public Access {
    parameters = Map.copyOf(parameters);
  }

  /** All that must not be seen. */
  public List<Secret> secrets() {
    return Stream.concat(authentication.secrets().stream(), parameters.values().stream()).toList();
  }
}
