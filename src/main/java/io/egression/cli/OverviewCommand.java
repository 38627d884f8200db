package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;

/** How everything stands. */
@Command(
    name = "overview",
    description = "How each account stands.",
    mixinStandardHelpOptions = true)
final class OverviewCommand extends HubCommand {
  @Override
  int run(HubClient client) {
    JsonNode overview = client.get("/v1/overview");
    Table table =
        new Table(
            "CONNECTOR", "ACCOUNT", "STATE", "BACKLOG", "DEAD", "DELIVERED/h", "FAILED/h", "WHY");
    for (JsonNode connector : overview.get("connectors")) {
      for (JsonNode account : connector.get("accounts")) {
        table.row(
            text(account, "connector"),
            text(account, "subscription") + "/" + text(account, "channel"),
            text(account, "state"),
            text(account, "backlog"),
            text(account, "dead"),
            account.at("/lastHour/delivered").asText(),
            account.at("/lastHour/failed").asText(),
            text(account, "text"));
      }
    }
    return show(overview, table::print);
  }
}
