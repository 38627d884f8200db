package io.egression.cli;

import java.util.List;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;

/** The commands that talk to a hub over its API. */
public final class HubCommands {
  private HubCommands() {}

  /** Adds them, and what makes a script for the shell's completion. */
  public static void addTo(CommandLine line) {
    List.of(
            Map.entry("submit", SubmitCommand.class),
            Map.entry("jobs", JobsCommand.class),
            Map.entry("job", JobCommand.class),
            Map.entry("why", WhyCommand.class),
            Map.entry("overview", OverviewCommand.class),
            Map.entry("dead", DeadCommand.class),
            Map.entry("batch", BatchCommand.class),
            Map.entry("cancel", CancelCommand.class),
            Map.entry("pause", PauseCommand.Pause.class),
            Map.entry("resume", PauseCommand.Resume.class),
            Map.entry("key", KeyCommand.class),
            Map.entry("audit", AuditCommand.class),
            Map.entry("filter", FilterCommand.class),
            Map.entry("export", ExportCommand.class))
        .forEach(command -> line.addSubcommand(command.getKey(), command.getValue()));
    line.addSubcommand("completion", new AutoComplete.GenerateCompletion());
  }
}
