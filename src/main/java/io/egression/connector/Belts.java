package io.egression.connector;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which object types of a batch are delivered first.
 *
 * @param byName the object types of each belt, first belt first
 * @param bySubscription which of them a subscription uses, if not the default
 */
public record Belts(Map<String, List<List<String>>> byName, Map<String, String> bySubscription) {
  /** What holds unless something else is said. */
  public static final String DEFAULT = "default";

  /** Without a file. */
  public static final Belts STANDARD =
      new Belts(
          Map.of(
              DEFAULT,
              List.of(
                  List.of("category", "manufacturer", "brand", "customer"),
                  List.of("product"),
                  List.of("offer", "price", "stock"),
                  List.of("order"))),
          Map.of());

  public Belts {
    byName = Map.copyOf(byName);
    bySubscription = Map.copyOf(bySubscription);
  }

  /** Those of a subscription. */
  public List<List<String>> of(String subscription) {
    return byName.get(bySubscription.getOrDefault(subscription, DEFAULT));
  }

  /** From 1; empty: the type is on none of them. */
  public static Optional<Integer> beltOf(List<List<String>> belts, String objectType) {
    for (int i = 0; i < belts.size(); i++) {
      if (belts.get(i).contains(objectType)) {
        return Optional.of(i + 1);
      }
    }
    return Optional.empty();
  }
}
