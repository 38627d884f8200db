package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Batches. */
@Command(
    name = "batch",
    description = "Makes, shows and decides about batches.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      BatchCommand.ListThem.class,
      BatchCommand.Show.class,
      BatchCommand.Make.class,
      BatchCommand.Seal.class,
      BatchCommand.Close.class,
      BatchCommand.Release.class,
      BatchCommand.Cancel.class
    })
final class BatchCommand {
  private BatchCommand() {}

  /** batch list. */
  @Command(name = "list", description = "The latest batches.", mixinStandardHelpOptions = true)
  static final class ListThem extends HubCommand {
    @Override
    int run(HubClient client) {
      JsonNode found = client.get("/v1/batches");
      Table table = new Table("ID", "SUBSCRIPTION", "SOURCE", "NAME", "STATE", "CREATED");
      found
          .get("batches")
          .forEach(
              batch ->
                  table.row(
                      text(batch, "id"),
                      text(batch, "subscription"),
                      text(batch, "source"),
                      text(batch, "name"),
                      text(batch, "state"),
                      text(batch, "createdAt")));
      return show(found, table::print);
    }
  }

  /** One that is about one batch, and shows it as it stands then. */
  abstract static class OfOne extends HubCommand {
    @Parameters(paramLabel = "ID", description = "the batch's id")
    private String id = "";

    String path() {
      return "/v1/batches/" + HubClient.encoded(id);
    }

    abstract JsonNode ask(HubClient client);

    @Override
    int run(HubClient client) {
      JsonNode batch = ask(client);
      return show(batch, out -> print(batch, out));
    }
  }

  private static void print(JsonNode found, PrintWriter out) {
    JsonNode batch = found.get("batch");
    out.printf(
        "%s of %s from %s: %s%n",
        HubCommand.text(batch, "id"),
        HubCommand.text(batch, "subscription"),
        HubCommand.text(batch, "source"),
        HubCommand.text(batch, "state"));
    Table table = new Table("CHANNEL", "BELT", "TYPES", "STATE", "DONE", "DEAD", "OF", "WAITS FOR");
    for (JsonNode channel : found.get("channels")) {
      for (JsonNode belt : channel.get("belts")) {
        table.row(
            HubCommand.text(channel, "channel"),
            HubCommand.text(belt, "belt"),
            belt.get("objectTypes"),
            HubCommand.text(belt, "state"),
            HubCommand.text(belt, "done"),
            HubCommand.text(belt, "dead"),
            HubCommand.text(belt, "total"),
            HubCommand.text(belt, "waitsFor"));
      }
    }
    table.print(out);
  }

  /** batch show. */
  @Command(
      name = "show",
      description = "How a batch stands, channel by channel and belt by belt.",
      mixinStandardHelpOptions = true)
  static final class Show extends OfOne {
    @Override
    JsonNode ask(HubClient client) {
      return client.get(path());
    }
  }

  /** batch make. */
  @Command(
      name = "make",
      description = "Makes a batch from a file of JSON, as POST /v1/batches takes it.",
      mixinStandardHelpOptions = true)
  static final class Make extends HubCommand {
    @Parameters(paramLabel = "FILE", description = "the batch; - : from standard input")
    private String file = "";

    @Option(
        names = "--idempotency-key",
        paramLabel = "KEY",
        description = "the same key makes one batch")
    private @Nullable String key;

    @Override
    int run(HubClient client) {
      JsonNode made = client.post("/v1/batches", read(), key);
      return show(made, out -> print(made, out));
    }

    private String read() {
      try {
        return file.equals("-")
            ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
            : Files.readString(Path.of(file));
      } catch (IOException e) {
        throw new CommandFault(CommandFault.REFUSED, file + " cannot be read: " + e);
      }
    }
  }

  /** batch seal. */
  @Command(name = "seal", description = "No more jobs join.", mixinStandardHelpOptions = true)
  static final class Seal extends OfOne {
    @Override
    JsonNode ask(HubClient client) {
      return client.post(path() + "/seal", "");
    }
  }

  /** batch close. */
  @Command(
      name = "close",
      description = "No more jobs join the belts up to this one.",
      mixinStandardHelpOptions = true)
  static final class Close extends OfOne {
    @Option(names = "--belt", required = true, description = "from 1")
    private int belt;

    @Override
    JsonNode ask(HubClient client) {
      return client.post(path() + "/close", "{\"belt\":" + belt + "}");
    }
  }

  /** batch release. */
  @Command(
      name = "release",
      description = "The belts up to this one go on as if no job of them were dead.",
      mixinStandardHelpOptions = true)
  static final class Release extends OfOne {
    @Option(names = "--belt", required = true, description = "from 1")
    private int belt;

    @Option(names = "--channel", description = "on this channel only")
    private @Nullable String channel;

    @Override
    JsonNode ask(HubClient client) {
      ObjectNode body = HubClient.JSON.createObjectNode().put("belt", belt);
      if (channel != null) {
        body.put("channel", channel);
      }
      return client.post(path() + "/release", body.toString());
    }
  }

  /** batch cancel. */
  @Command(
      name = "cancel",
      description = "Cancels its jobs that are not final.",
      mixinStandardHelpOptions = true)
  static final class Cancel extends OfOne {
    @Override
    JsonNode ask(HubClient client) {
      return client.post(path() + "/cancel", "");
    }
  }
}
