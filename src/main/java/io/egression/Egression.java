package io.egression;

import io.egression.cli.CommandFault;
import io.egression.cli.HubCommands;
import io.egression.cli.HubStarter;
import io.egression.cli.RunCommand;
import io.egression.cli.UntilStopped;
import io.egression.cli.ValidateCommand;
import io.egression.connector.Fault;
import io.egression.demo.DemoCommand;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program: a delivery hub for commerce data. */
@Command(
    name = "egression",
    description =
        "Delivers commerce data to many channels: in order, within limits, with retries, and able"
            + " to say where everything is.",
    mixinStandardHelpOptions = true,
    versionProvider = Egression.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Settings come from application.properties in the working directory, from the environment",
      "(EGRESSION_HTTP_PORT is egression.http.port) and from -Degression.http.port=…; README.md",
      "lists them. Commands that talk to a hub take --url and --key-file, or EGRESSION_URL and",
      "EGRESSION_KEY.",
      "",
      "Exit codes: 0 done; 1 the hub cannot start, cannot be reached or failed; 2 wrong usage; 3 not",
      "found; 4 the key may not do that; 5 refused; 6 not everything was delivered."
    })
public final class Egression {
  private Egression() {}

  public static void main(String[] args) {
    CommandLine line = commandLine();
    int code = line.execute(args);
    // Not System.exit while a hub is being stopped by its hook: the hook ends the process.
    if (code != 0 || !Thread.currentThread().isInterrupted()) {
      System.exit(code);
    }
  }

  static CommandLine commandLine() {
    HubStarter starter = Egression::start;
    CommandLine line = new CommandLine(new Egression());
    line.addSubcommand("run", new RunCommand(starter));
    line.addSubcommand("demo", new DemoCommand(starter));
    line.addSubcommand("validate", new ValidateCommand(Egression::faults));
    HubCommands.addTo(line);
    line.addSubcommand("help", new CommandLine.HelpCommand());
    line.setExecutionExceptionHandler(
        (fault, command, result) -> {
          boolean known = fault instanceof CommandFault;
          String text = known ? fault.getMessage() : message(fault);
          command.getErr().println(command.getColorScheme().errorText(text));
          return known ? ((CommandFault) fault).exitCode() : CommandLine.ExitCode.SOFTWARE;
        });
    return line;
  }

  private static String message(Throwable fault) {
    return "egression cannot start:\n" + (fault.getMessage() == null ? fault : fault.getMessage());
  }

  private static List<Fault> faults(@Nullable Path folder) {
    Settings settings =
        Settings.load(
            Path.of("application.properties"), System.getenv(), System.getProperties(), Map.of());
    return FileCheck.of(
        folder == null ? settings.connectorsDir() : folder.resolve("connectors"),
        folder == null ? settings.routesDir() : folder.resolve("routes"),
        settings.forRoutes());
  }

  private static HubStarter.Started start(
      Map<String, String> settings, Map<String, String> placeholders) {
    Hub hub =
        Hub.of(
            Settings.load(
                Path.of("application.properties"),
                System.getenv(),
                System.getProperties(),
                settings),
            placeholders);
    UntilStopped.stopAtExit(hub::close);
    hub.start();
    return new HubStarter.Started(hub.address(), hub.adminKey(), hub.reports(), hub::close);
  }

  /** The version that the jar was built as. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Egression.class.getPackage().getImplementationVersion();
      return new String[] {"egression " + (version == null ? "(from source)" : version)};
    }
  }
}
