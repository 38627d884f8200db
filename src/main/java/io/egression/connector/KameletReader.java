package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads of a Kamelet what accounts must know; the rest is Camel's to check. */
final class KameletReader {
  /** What an endpoint of a Kamelet says to use the account's own HTTP client. */
  static final String ACCOUNT_CLIENT = "#client/{{routeId}}";

  /** What takes a delivery as it is. */
  private static final List<String> HELPERS =
      List.of("#deliveryMapper", "bean:objects", "bean:documents");

  private static final String DEFINITION = "/spec/definition";
  private static final Set<String> DESCRIPTORS =
      Set.of("urn:camel:group:credentials", "urn:alm:descriptor:com.tectonic.ui:password");

  private final YamlFile file;
  private final List<Fault> faults;

  KameletReader(YamlFile file, List<Fault> faults) {
    this.file = file;
    this.faults = faults;
  }

  /** What it is with this policy; empty, with a fault, if it is no Kamelet of this id. */
  Optional<Connector> read(String id, Policy policy) {
    return properties(id)
        .map(
            known ->
                new Connector(
                    id,
                    known,
                    secret(),
                    usesAccountClient(),
                    policy,
                    new Connector.Kamelet(file.hash(), 0, knowsDeliveries())));
  }

  /** Its parameters, true if required; empty, with a fault, if it is no Kamelet of this id. */
  private Optional<Map<String, Boolean>> properties(String id) {
    int before = faults.size();
    check("/kind", "Kamelet");
    check("/metadata/name", id);
    if (!file.root().at("/spec/template/from").isObject()) {
      fault("/spec/template/from", "is missing");
    }
    Map<String, Boolean> properties = parameters();
    return faults.size() == before ? Optional.of(properties) : Optional.empty();
  }

  /** As the Kamelet catalogue marks them: by format, or by a descriptor for editors. */
  private Set<String> secret() {
    Set<String> names = new HashSet<>();
    file.root()
        .at(DEFINITION + "/properties")
        .properties()
        .forEach(
            property -> {
              boolean marked = "password".equals(property.getValue().path("format").asText());
              for (JsonNode descriptor : property.getValue().path("x-descriptors")) {
                marked |= DESCRIPTORS.contains(descriptor.asText());
              }
              if (marked) {
                names.add(property.getKey());
              }
            });
    return names;
  }

  private boolean usesAccountClient() {
    return file.root().at("/spec/template").findValuesAsText("httpClientConfigurer").stream()
        .anyMatch(ACCOUNT_CLIENT::equals);
  }

  private boolean knowsDeliveries() {
    String template = file.root().at("/spec/template").toString();
    return HELPERS.stream().anyMatch(template::contains);
  }

  private void check(String pointer, String right) {
    if (!right.equals(file.root().at(pointer).asText())) {
      fault(pointer, "must be '" + right + "'");
    }
  }

  private Map<String, Boolean> parameters() {
    JsonNode known = file.root().at(DEFINITION + "/properties");
    JsonNode required = file.root().at(DEFINITION + "/required");
    Map<String, Boolean> parameters = new HashMap<>();
    known.fieldNames().forEachRemaining(name -> parameters.put(name, false));
    if (!known.isMissingNode() && !known.isObject()) {
      fault(DEFINITION + "/properties", "must be a mapping");
    } else if (!required.isMissingNode() && !required.isArray()) {
      fault(DEFINITION + "/required", "must be a list");
    } else {
      require(required, parameters);
    }
    return parameters;
  }

  private void require(JsonNode required, Map<String, Boolean> parameters) {
    for (int i = 0; i < required.size(); i++) {
      String name = required.get(i).asText();
      if (parameters.containsKey(name)) {
        parameters.put(name, true);
      } else {
        fault(
            DEFINITION + "/required/" + i,
            "there is no property '%s'; %s"
                .formatted(name, Suggestion.forWord(name, parameters.keySet())));
      }
    }
  }

  private void fault(String pointer, String message) {
    faults.add(file.at(pointer, message));
  }
}
