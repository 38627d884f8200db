package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Says why an object is missing. */
@Command(
    name = "why",
    description = "Says for each channel the last word on an object, and what to do next.",
    mixinStandardHelpOptions = true)
final class WhyCommand extends HubCommand {
  @Parameters(paramLabel = "TYPE/ID", description = "the object: product/ZT/1010")
  private String object = "";

  @Override
  int run(HubClient client) {
    int slash = object.indexOf('/');
    if (slash < 1 || slash == object.length() - 1) {
      throw new CommandFault(CommandFault.REFUSED, "the object must be <type>/<id>: product/123");
    }
    JsonNode found =
        client.get(
            "/v1/objects/"
                + HubClient.encoded(object.substring(0, slash))
                + "/"
                + HubClient.encoded(object.substring(slash + 1)));
    return show(
        found,
        out -> {
          for (JsonNode channel : found.get("channels")) {
            out.printf(
                "%s/%s: %s%n    %s%s%n",
                text(channel, "subscription"),
                text(channel, "channel"),
                text(channel, "text"),
                channel.at("/next/text").asText(),
                channel.at("/next").has("request")
                    ? " (" + channel.at("/next/request").asText() + ")"
                    : "");
          }
        });
  }
}
