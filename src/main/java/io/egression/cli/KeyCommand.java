package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** API keys. */
@Command(
    name = "key",
    description = "Makes, lists and revokes API keys.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {KeyCommand.Create.class, KeyCommand.ListThem.class, KeyCommand.Revoke.class})
final class KeyCommand {
  private KeyCommand() {}

  /** key create. */
  @Command(
      name = "create",
      description = "Makes a key and prints it, this once.",
      mixinStandardHelpOptions = true)
  static final class Create extends HubCommand {
    @Option(names = "--name", required = true, description = "whose key it is")
    private String name = "";

    @Option(names = "--role", required = true, description = "producer, viewer, operator or admin")
    private String role = "";

    @Option(names = "--subscription", description = "only for this one; may be repeated")
    private List<String> subscriptions = new ArrayList<>();

    @Override
    int run(HubClient client) {
      ObjectNode body = HubClient.JSON.createObjectNode().put("name", name).put("role", role);
      if (!subscriptions.isEmpty()) {
        subscriptions.forEach(body.putArray("subscriptions")::add);
      }
      JsonNode made = client.post("/v1/keys", body.toString());
      return show(made, out -> out.println(text(made, "key")));
    }
  }

  /** key list. */
  @Command(name = "list", description = "The keys in force.", mixinStandardHelpOptions = true)
  static final class ListThem extends HubCommand {
    @Override
    int run(HubClient client) {
      JsonNode found = client.get("/v1/keys");
      Table table = new Table("ID", "NAME", "ROLE", "SUBSCRIPTIONS", "CREATED");
      for (JsonNode key : found.get("keys")) {
        List<String> subscriptions = new ArrayList<>();
        key.path("subscriptions").forEach(each -> subscriptions.add(each.asText()));
        table.row(
            text(key, "id"),
            text(key, "name"),
            text(key, "role"),
            key.has("subscriptions") ? String.join(", ", subscriptions) : "all",
            text(key, "createdAt"));
      }
      return show(found, table::print);
    }
  }

  /** key revoke. */
  @Command(name = "revoke", description = "Ends a key.", mixinStandardHelpOptions = true)
  static final class Revoke extends HubCommand {
    @Parameters(paramLabel = "ID", description = "the key's id")
    private String id = "";

    @Override
    int run(HubClient client) {
      JsonNode done = client.delete("/v1/keys/" + HubClient.encoded(id));
      return show(done, out -> out.println(text(done, "result")));
    }
  }
}
