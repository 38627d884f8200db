package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes jobs as JSON lines. */
@Command(
    name = "export",
    description = "Writes every job that matches as a line of JSON, the newest first.",
    mixinStandardHelpOptions = true)
final class ExportCommand extends HubCommand {
  @Mixin private JobFilter filter = new JobFilter();

  @Option(names = "--stories", description = "with timeline and attempts; one request for each job")
  private boolean stories;

  @Option(names = "--to", paramLabel = "FILE", description = "a new file (default: the terminal)")
  private @Nullable Path file;

  @Override
  int run(HubClient client) {
    if (file == null) {
      write(client, out());
      return 0;
    }
    try (BufferedWriter writer =
            Files.newBufferedWriter(file, java.nio.file.StandardOpenOption.CREATE_NEW);
        PrintWriter out = new PrintWriter(writer)) {
      long jobs = write(client, out);
      out.flush();
      if (out.checkError()) {
        throw new CommandFault(CommandFault.HUB, file + " cannot be written");
      }
      err().println(jobs + " jobs are in " + file);
      return 0;
    } catch (IOException e) {
      throw new CommandFault(CommandFault.REFUSED, file + " cannot be written: " + e);
    }
  }

  private long write(HubClient client, PrintWriter out) {
    long[] jobs = {0};
    filter.each(
        client,
        job -> {
          JsonNode line = stories ? client.get("/v1/jobs/" + text(job, "id")) : job;
          out.println(line);
          jobs[0]++;
          return !out.checkError();
        });
    return jobs[0];
  }
}
