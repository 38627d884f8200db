package io.egression.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Starts the hub alone. */
@Command(
    name = "run",
    description = {
      "Starts the hub and keeps it running until Ctrl-C or SIGTERM.",
      "Without egression.broker.url and egression.database.url it starts an Artemis broker and a"
          + " PostgreSQL of its own under egression.data.dir."
    },
    mixinStandardHelpOptions = true)
public final class RunCommand implements Callable<Integer> {
  private final HubStarter starter;
  @Spec private CommandSpec spec;

  public RunCommand(HubStarter starter) {
    this.starter = starter;
  }

  @Override
  public Integer call() throws InterruptedException {
    HubStarter.Started hub = starter.start(Map.of(), Map.of());
    PrintWriter out = spec.commandLine().getOut();
    out.printf("egression is ready: %s%n", hub.address());
    if (Files.exists(hub.adminKey())) {
      out.printf("first key (role admin): %s%n", hub.adminKey());
    }
    out.flush();
    UntilStopped.await();
    return 0;
  }
}
