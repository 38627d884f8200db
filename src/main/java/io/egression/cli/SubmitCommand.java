package io.egression.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Hands over jobs. */
@Command(
    name = "submit",
    description = {
      "Hands over jobs from a file: one JSON object, an array, or a line for each; or with --all a job"
          + " for each object of a type that the Metadata API lists, to fill a new channel.",
      "Each part of --part jobs is accepted as a whole or not at all; if one is refused, those before"
          + " it stay accepted. With --idempotency-key the same file can be handed over again."
    },
    mixinStandardHelpOptions = true)
final class SubmitCommand extends HubCommand {
  private static final long LOOK_NANOS = 300_000_000L;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      defaultValue = "-",
      description = "the jobs; - or none: from standard input")
  private String file = "";

  @Option(names = "--part", defaultValue = "500", description = "jobs in a request (default: 500)")
  private int part;

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "for the file as a whole: what was accepted before is not accepted again")
  private @Nullable String key;

  @ArgGroup(exclusive = false)
  private @Nullable All all;

  @Option(names = "--wait", description = "until every job is final; 6 if not all are delivered")
  private boolean wait;

  /** In place of a file. */
  static final class All {
    @Option(
        names = "--all",
        required = true,
        paramLabel = "TYPE",
        description = "all objects of this type, as the Metadata API lists them")
    private String type = "";

    @Option(names = "--subscription", required = true, description = "whose they are")
    private String subscription = "";

    @Option(names = "--channel", required = true, description = "where to")
    private String channel = "";

    @Option(
        names = "--action",
        defaultValue = "update",
        description = "create, update or delete (default: update)")
    private String action = "";

    @Option(
        names = "--source",
        defaultValue = "fill",
        description = "where the jobs come from (default: fill)")
    private String source = "";
  }

  private int parts;
  private int accepted;
  private final Deque<String> open = new ArrayDeque<>();

  @Override
  int run(HubClient client) {
    if (part < 1 || part > 10_000) {
      throw new CommandFault(CommandFault.REFUSED, "--part must be from 1 to 10000");
    }
    if (all == null) {
      submitFile(client);
    } else if (!file.equals("-")) {
      throw new CommandFault(CommandFault.REFUSED, "either a file or --all, not both");
    } else {
      submitAll(client, all);
    }
    int lost = wait ? await(client) : 0;
    show(
        HubClient.JSON.createObjectNode().put("accepted", accepted).put("undelivered", lost),
        out ->
            out.println(
                accepted
                    + " jobs are accepted"
                    + (lost > 0 ? ", " + lost + " not delivered" : "")));
    return lost > 0 ? CommandFault.UNDELIVERED : 0;
  }

  /** Page by page, as they are listed. */
  private void submitAll(HubClient client, All all) {
    Map<String, String> query = new TreeMap<>();
    query.put("subscription", all.subscription);
    query.put("channel", all.channel);
    ArrayNode next = HubClient.JSON.createArrayNode();
    String path = "/v1/objects/" + HubClient.encoded(all.type);
    for (boolean more = true; more; ) {
      JsonNode page = client.get(path + HubClient.query(query));
      for (JsonNode id : page.get("ids")) {
        ObjectNode job = next.addObject();
        job.put("subscription", all.subscription).put("channel", all.channel);
        job.put("source", all.source).put("action", all.action).put("objectType", all.type);
        job.putArray("objectIds").add(id.asText());
        if (next.size() == part) {
          send(client, next);
        }
      }
      more = page.hasNonNull("next");
      query.put("cursor", page.path("next").asText());
    }
    if (!next.isEmpty()) {
      send(client, next);
    }
  }

  private void submitFile(HubClient client) {
    try (InputStream in = file.equals("-") ? System.in : Files.newInputStream(Path.of(file));
        JsonParser jobs = HubClient.JSON.createParser(in)) {
      submit(client, jobs);
    } catch (IOException e) {
      throw new CommandFault(
          CommandFault.REFUSED,
          "%s cannot be read after %d accepted jobs: %s"
              .formatted(name(), accepted, e.getMessage()));
    }
  }

  private String name() {
    return file.equals("-") ? "standard input" : file;
  }

  private void submit(HubClient client, JsonParser jobs) throws IOException {
    ArrayNode next = HubClient.JSON.createArrayNode();
    for (JsonToken token = jobs.nextToken(); token != null; token = jobs.nextToken()) {
      if (token != JsonToken.START_ARRAY && token != JsonToken.END_ARRAY) {
        next.add(jobs.<JsonNode>readValueAsTree());
      }
      if (next.size() == part) {
        send(client, next);
      }
    }
    if (!next.isEmpty()) {
      send(client, next);
    }
  }

  private void send(HubClient client, ArrayNode jobs) {
    String partKey = key == null ? null : key + "/" + parts;
    parts++;
    try {
      for (JsonNode job : client.post("/v1/jobs", jobs.toString(), partKey).get("jobs")) {
        accepted++;
        if (wait) {
          open.add(text(job, "id"));
        }
      }
    } catch (CommandFault e) {
      throw new CommandFault(
          e.exitCode(),
          "part %d (jobs %d to %d) was refused, %d jobs before it are accepted: %s"
              .formatted(
                  parts,
                  (parts - 1) * part + 1,
                  (parts - 1) * part + jobs.size(),
                  accepted,
                  e.getMessage()));
    }
    jobs.removeAll();
    progress(accepted + " accepted");
  }

  private int await(HubClient client) {
    int lost = 0;
    int all = open.size();
    while (!open.isEmpty()) {
      JsonNode job = client.get("/v1/jobs/" + open.peek());
      if (!job.has("finishedAt")) {
        LockSupport.parkNanos(LOOK_NANOS);
      } else {
        open.remove();
        lost += text(job, "state").equals("delivered") ? 0 : 1;
        progress("%d of %d are final".formatted(all - open.size(), all));
      }
    }
    return lost;
  }

  /** One line that is written over, if a person looks on. */
  private void progress(String text) {
    if (System.console() != null && !json()) {
      err().print("\r" + text + "    ");
      err().flush();
    }
  }
}
