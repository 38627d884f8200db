package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which jobs a command is about. */
final class JobFilter {
  private static final int PAGE = 500;

  @Option(names = "--subscription", description = "of this subscription")
  @Nullable String subscription;

  @Option(names = "--channel", description = "for this channel")
  @Nullable String channel;

  @Option(
      names = "--state",
      description =
          "scheduled, gated, waiting, delivering, delivered, dead, filtered, superseded, cancelled")
  @Nullable String state;

  @Option(names = "--object", paramLabel = "TYPE/ID", description = "of this object")
  @Nullable String object;

  Map<String, String> parameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    put(parameters, "subscription", subscription);
    put(parameters, "channel", channel);
    put(parameters, "state", state);
    put(parameters, "object", object);
    return parameters;
  }

  private static void put(Map<String, String> parameters, String name, @Nullable String value) {
    if (value != null) {
      parameters.put(name, value);
    }
  }

  /** Every job that matches, page by page, newest first, until the taker has enough. */
  void each(HubClient client, Predicate<JsonNode> taker) {
    Map<String, String> parameters = parameters();
    parameters.put("limit", String.valueOf(PAGE));
    while (true) {
      JsonNode page = client.get("/v1/jobs" + HubClient.query(parameters));
      for (JsonNode job : page.get("jobs")) {
        if (!taker.test(job)) {
          return;
        }
      }
      if (!page.has("next")) {
        return;
      }
      parameters.put("cursor", page.get("next").asText());
    }
  }
}
