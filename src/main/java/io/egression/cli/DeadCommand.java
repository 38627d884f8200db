package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What died, and what is to become of it. */
@Command(
    name = "dead",
    description = "Lists, replays or discards dead jobs.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DeadCommand.ListThem.class, DeadCommand.Replay.class, DeadCommand.Discard.class})
final class DeadCommand {
  private static final long LOOK_NANOS = 500_000_000L;

  private DeadCommand() {}

  /** Which dead jobs. */
  static final class Which {
    @Option(names = "--subscription", description = "of this subscription")
    @Nullable String subscription;

    @Option(names = "--channel", description = "for this channel")
    @Nullable String channel;

    @Option(names = "--reason", description = "whose reason has this text in it")
    @Nullable String reason;

    Map<String, String> fields() {
      Map<String, String> fields = new LinkedHashMap<>();
      put(fields, "subscription", subscription);
      put(fields, "channel", channel);
      put(fields, "reason", reason);
      return fields;
    }

    private static void put(Map<String, String> fields, String name, @Nullable String value) {
      if (value != null) {
        fields.put(name, value);
      }
    }
  }

  /** dead list. */
  @Command(
      name = "list",
      description = "Why jobs are dead, the most frequent reason first.",
      mixinStandardHelpOptions = true)
  static final class ListThem extends HubCommand {
    @Option(names = "--subscription", description = "of this subscription")
    private @Nullable String subscription;

    @Option(names = "--channel", description = "for this channel")
    private @Nullable String channel;

    @Override
    int run(HubClient client) {
      Which which = new Which();
      which.subscription = subscription;
      which.channel = channel;
      JsonNode found = client.get("/v1/dead-letters" + HubClient.query(which.fields()));
      Table table = new Table("JOBS", "ACCOUNT", "TYPE", "LAST", "REASON", "EXAMPLE");
      found
          .get("groups")
          .forEach(
              group ->
                  table.row(
                      text(group, "count"),
                      text(group, "subscription") + "/" + text(group, "channel"),
                      text(group, "objectType"),
                      text(group, "last"),
                      text(group, "reason"),
                      group.at("/examples/0").asText()));
      return show(found, table::print);
    }
  }

  /** dead replay. */
  @Command(
      name = "replay",
      description = "Delivers dead jobs again: those named, or all that match.",
      mixinStandardHelpOptions = true)
  static final class Replay extends HubCommand {
    @Parameters(paramLabel = "ID", arity = "0..*", description = "jobs; none: all that match")
    private List<String> ids = new ArrayList<>();

    @Mixin private Which which = new Which();

    @Option(names = "--all", description = "all that are dead, if nothing else is said")
    private boolean all;

    @Override
    int run(HubClient client) {
      if (!ids.isEmpty()) {
        ids.forEach(id -> client.post("/v1/jobs/" + HubClient.encoded(id) + "/replay", ""));
        return show(
            HubClient.JSON.createObjectNode().put("replayed", ids.size()),
            out -> out.println(ids.size() + " jobs are replayed"));
      }
      requireSome(which, all);
      JsonNode progress = begin(client, "/v1/replays", which);
      String replayed = text(progress, "replayed");
      return show(progress, out -> out.println(replayed + " jobs are replayed"));
    }
  }

  /** dead discard. */
  @Command(
      name = "discard",
      description = "Gives up dead jobs: those named, or all that match. Keys held for them go on.",
      mixinStandardHelpOptions = true)
  static final class Discard extends HubCommand {
    @Parameters(paramLabel = "ID", arity = "0..*", description = "jobs; none: all that match")
    private List<String> ids = new ArrayList<>();

    @Mixin private Which which = new Which();

    @Option(names = "--all", description = "all that are dead, if nothing else is said")
    private boolean all;

    @Override
    int run(HubClient client) {
      if (!ids.isEmpty()) {
        ids.forEach(id -> client.post("/v1/jobs/" + HubClient.encoded(id) + "/discard", ""));
        return show(
            HubClient.JSON.createObjectNode().put("discarded", ids.size()),
            out -> out.println(ids.size() + " jobs are discarded"));
      }
      requireSome(which, all);
      JsonNode progress = begin(client, "/v1/discards", which);
      String discarded = text(progress, "discarded");
      return show(progress, out -> out.println(discarded + " jobs are discarded"));
    }
  }

  /** Begins it, and returns when it is done. */
  private static JsonNode begin(HubClient client, String path, Which which) {
    ObjectNode body = HubClient.JSON.createObjectNode();
    which.fields().forEach(body::put);
    String location = HubCommand.text(client.post(path, body.toString()), "location");
    JsonNode progress = client.get(location);
    while (!progress.get("finished").asBoolean()) {
      LockSupport.parkNanos(LOOK_NANOS);
      progress = client.get(location);
    }
    return progress;
  }

  private static void requireSome(Which which, boolean all) {
    if (which.fields().isEmpty() && !all) {
      throw new CommandFault(
          CommandFault.REFUSED,
          "name jobs, or say which: --subscription, --channel, --reason; or --all");
    }
  }
}
