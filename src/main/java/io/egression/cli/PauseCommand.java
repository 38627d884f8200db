package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stops an account's or a connector's calls, or lets them go on. */
abstract class PauseCommand extends HubCommand {
  @Parameters(
      paramLabel = "SUBSCRIPTION/CHANNEL",
      arity = "0..1",
      description = "the account; the backlog is kept")
  private @Nullable String account;

  @Option(names = "--connector", description = "all accounts of this connector")
  private @Nullable String connector;

  abstract String verb();

  @Override
  int run(HubClient client) {
    JsonNode done = client.post(path() + "/" + verb(), "");
    return show(done, out -> out.println(text(done, "result")));
  }

  private String path() {
    if (connector != null && account == null) {
      return "/v1/connectors/" + HubClient.encoded(connector);
    }
    String[] parts = account == null ? new String[0] : account.split("/", 2);
    if (connector != null || parts.length != 2) {
      throw new CommandFault(
          CommandFault.REFUSED, "name one account, <subscription>/<channel>, or --connector");
    }
    return "/v1/accounts/" + HubClient.encoded(parts[0]) + "/" + HubClient.encoded(parts[1]);
  }

  /** pause. */
  @Command(
      name = "pause",
      description = "Stops the calls of an account or a connector until it is resumed.",
      mixinStandardHelpOptions = true)
  static final class Pause extends PauseCommand {
    @Override
    String verb() {
      return "pause";
    }
  }

  /** resume. */
  @Command(
      name = "resume",
      description = "Lets an account or a connector go on, whatever paused it.",
      mixinStandardHelpOptions = true)
  static final class Resume extends PauseCommand {
    @Override
    String verb() {
      return "resume";
    }
  }
}
