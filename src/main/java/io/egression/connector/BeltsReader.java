package io.egression.connector;

import static io.egression.connector.YamlTree.child;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the belts from a file that its schema has passed. */
final class BeltsReader {
  private final YamlFile file;
  private final List<Fault> faults;

  BeltsReader(YamlFile file, List<Fault> faults) {
    this.file = file;
    this.faults = faults;
  }

  Belts read() {
    JsonNode root = file.root();
    Map<String, List<List<String>>> byName = new HashMap<>();
    root.get("belts")
        .properties()
        .forEach(
            each ->
                byName.put(each.getKey(), belts(each.getValue(), child("/belts", each.getKey()))));
    Map<String, String> bySubscription = new HashMap<>();
    root.path("subscriptions")
        .properties()
        .forEach(each -> bySubscription.put(each.getKey(), each.getValue().asText()));
    bySubscription.forEach(
        (subscription, name) -> {
          if (!byName.containsKey(name)) {
            faults.add(
                file.at(
                    child("/subscriptions", subscription),
                    "there are no belts '%s'; %s"
                        .formatted(name, Suggestion.forWord(name, byName.keySet()))));
          }
        });
    return new Belts(byName, bySubscription);
  }

  private List<List<String>> belts(JsonNode nodes, String pointer) {
    List<List<String>> belts = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (JsonNode belt : nodes) {
      List<String> types = new ArrayList<>();
      for (JsonNode type : belt) {
        if (!seen.add(type.asText())) {
          faults.add(
              file.at(
                  "%s/%d/%d".formatted(pointer, belts.size(), types.size()),
                  "'%s' is on a belt already".formatted(type.asText())));
        }
        types.add(type.asText());
      }
      belts.add(List.copyOf(types));
    }
    return List.copyOf(belts);
  }
}
