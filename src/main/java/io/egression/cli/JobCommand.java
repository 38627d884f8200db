package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Tells a job's story. */
@Command(name = "job", description = "Tells a job's story.", mixinStandardHelpOptions = true)
final class JobCommand extends HubCommand {
  @Parameters(paramLabel = "ID", description = "the job's id")
  private String id = "";

  @Override
  int run(HubClient client) {
    JsonNode job = client.get("/v1/jobs/" + HubClient.encoded(id));
    return show(job, out -> print(job, out));
  }

  private static void print(JsonNode job, PrintWriter out) {
    out.printf(
        "%s %s %s for %s/%s: %s%n",
        text(job, "action"),
        text(job, "objectType"),
        job.get("objectIds"),
        text(job, "subscription"),
        text(job, "channel"),
        text(job, "state"));
    if (job.has("waitsFor")) {
      out.printf("It waits: %s%n", text(job.get("waitsFor"), "text"));
    }
    Table table = new Table("AT", "WHAT", "DETAIL", "BY");
    job.get("timeline")
        .forEach(
            entry ->
                table.row(
                    text(entry, "at"),
                    text(entry, "what"),
                    text(entry, "detail"),
                    text(entry, "actor")));
    table.print(out);
  }
}
