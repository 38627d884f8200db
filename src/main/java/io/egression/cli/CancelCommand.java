package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Cancels a job. */
@Command(
    name = "cancel",
    description = "Cancels a job that is not final.",
    mixinStandardHelpOptions = true)
final class CancelCommand extends HubCommand {
  @Parameters(paramLabel = "ID", description = "the job's id")
  private String id = "";

  @Override
  int run(HubClient client) {
    JsonNode done = client.post("/v1/jobs/" + HubClient.encoded(id) + "/cancel", "");
    return show(done, out -> out.println(text(done, "result")));
  }
}
