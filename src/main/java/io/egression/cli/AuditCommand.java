package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Who did what. */
@Command(
    name = "audit",
    description = "Who did what to accounts, connectors and keys, the newest first.",
    mixinStandardHelpOptions = true)
final class AuditCommand extends HubCommand {
  @Option(names = "--limit", defaultValue = "50", description = "at most so many (default: 50)")
  private int limit;

  @Override
  int run(HubClient client) {
    JsonNode found = client.get("/v1/audit?limit=" + limit);
    Table table = new Table("AT", "BY", "WHAT", "SUBSCRIPTION", "TO");
    found
        .get("records")
        .forEach(
            entry ->
                table.row(
                    text(entry, "at"),
                    text(entry, "actor"),
                    text(entry, "action"),
                    text(entry, "subscription"),
                    text(entry, "subject")));
    return show(found, table::print);
  }
}
