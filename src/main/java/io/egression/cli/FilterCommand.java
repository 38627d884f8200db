package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Filters. */
@Command(
    name = "filter",
    description = "Lists filters, and tries them on an object.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {FilterCommand.ListThem.class, FilterCommand.Test.class})
final class FilterCommand {
  private FilterCommand() {}

  /** filter list. */
  @Command(
      name = "list",
      description = "The filters in force, and who uses them.",
      mixinStandardHelpOptions = true)
  static final class ListThem extends HubCommand {
    @Override
    int run(HubClient client) {
      JsonNode found = client.get("/v1/filters");
      Table table = new Table("FILTER", "VERSION", "ACCOUNTS", "DESCRIPTION");
      for (JsonNode filter : found.get("filters")) {
        List<String> accounts = new ArrayList<>();
        filter.get("accounts").forEach(account -> accounts.add(account.asText()));
        table.row(
            text(filter, "filter"),
            text(filter, "version"),
            String.join(" ", accounts),
            text(filter, "description"));
      }
      return show(found, table::print);
    }
  }

  /** filter test. */
  @Command(
      name = "test",
      description = {
        "Says what a filter would decide on an object, for each account that uses it.",
        "Nothing is delivered or recorded. Exit code 6 if it is delivered to none."
      },
      mixinStandardHelpOptions = true)
  static final class Test extends HubCommand {
    @Parameters(paramLabel = "FILTER", description = "the filter's id")
    private String filter = "";

    @Option(
        names = "--object",
        required = true,
        paramLabel = "TYPE/ID",
        description = "the object: product/ZT/1010")
    private String object = "";

    @Option(
        names = "--action",
        paramLabel = "ACTION",
        description = "create, update (default) or delete")
    private @Nullable String action;

    @Override
    int run(HubClient client) {
      int slash = object.indexOf('/');
      if (slash < 1 || slash == object.length() - 1) {
        throw new CommandFault(CommandFault.REFUSED, "the object must be <type>/<id>: product/123");
      }
      JsonNode found =
          client.get(
              "/v1/objects/%s/%s/dry-run?filter=%s%s"
                  .formatted(
                      HubClient.encoded(object.substring(0, slash)),
                      HubClient.encoded(object.substring(slash + 1)),
                      HubClient.encoded(filter),
                      action == null ? "" : "&action=" + HubClient.encoded(action)));
      Table table = new Table("ACCOUNT", "VERDICT", "WHY");
      boolean delivered = false;
      for (JsonNode each : found.get("channels")) {
        delivered |= text(each, "verdict").equals("deliver");
        table.row(
            text(each, "subscription") + "/" + text(each, "channel"),
            text(each, "verdict"),
            text(each, "text"));
      }
      show(found, table::print);
      return delivered ? 0 : CommandFault.UNDELIVERED;
    }
  }
}
