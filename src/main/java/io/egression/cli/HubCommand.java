package io.egression.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that talks to a hub. */
abstract class HubCommand implements Callable<Integer> {
  @Mixin private HubOptions hub = new HubOptions();
  @Spec private CommandSpec spec;

  /** Does it; the exit code. */
  abstract int run(HubClient client);

  @Override
  public Integer call() {
    int code = run(hub.client());
    out().flush();
    return code;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  boolean json() {
    return hub.json();
  }

  /** The answer as it came for programs, else in a form for people. */
  int show(JsonNode answer, Consumer<PrintWriter> form) {
    if (hub.json()) {
      out().println(answer);
    } else {
      form.accept(out());
    }
    return 0;
  }

  /** For people: nothing for what is not there, and no character that a terminal obeys. */
  static String text(JsonNode node, String field) {
    return node.path(field).asText("").replaceAll("\\p{Cntrl}", " ");
  }
}
