package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists jobs. */
@Command(
    name = "jobs",
    description = "Lists jobs, the newest first.",
    mixinStandardHelpOptions = true)
final class JobsCommand extends HubCommand {
  @Mixin private JobFilter filter = new JobFilter();

  @Option(names = "--limit", defaultValue = "50", description = "at most so many (default: 50)")
  private int limit;

  @Override
  int run(HubClient client) {
    ArrayNode jobs = HubClient.JSON.createArrayNode();
    if (limit > 0) {
      filter.each(client, job -> jobs.add(job).size() < limit);
    }
    return show(jobs, out -> table(jobs).print(out));
  }

  static Table table(ArrayNode jobs) {
    Table table = new Table("ID", "ACCOUNT", "JOB", "STATE", "CALLS", "REASON");
    for (JsonNode job : jobs) {
      String objects = text(job, "objectType") + "/" + job.at("/objectIds/0").asText();
      int more = job.path("objectIds").size() - 1;
      table.row(
          text(job, "id"),
          text(job, "subscription") + "/" + text(job, "channel"),
          text(job, "action") + " " + objects + (more > 0 ? " and " + more + " more" : ""),
          text(job, "state"),
          text(job, "attemptCount"),
          text(job, "reason"));
    }
    return table;
  }
}
