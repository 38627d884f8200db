package io.egression.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Fault;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks the files that integration teams edit. */
@Command(
    name = "validate",
    description = {
      "Checks connectors, policies, accounts, filters, belts and routes, without a broker or a"
          + " database, and prints every fault as file:line:column: what is wrong and what would be"
          + " right.",
      "Exit code 1 if there is one."
    },
    mixinStandardHelpOptions = true)
public final class ValidateCommand implements Callable<Integer> {
  /** Finds faults. */
  @FunctionalInterface
  public interface Check {
    /**
     * @param folder that has connectors/ and routes/; null: as the settings say
     */
    List<Fault> faults(@Nullable Path folder);
  }

  private final Check check;

  @Parameters(
      arity = "0..1",
      paramLabel = "DIR",
      description = "Has connectors/ and routes/; default: those of the settings.")
  private @Nullable Path folder;

  @Option(names = "--json", description = "Prints the faults as a JSON array.")
  private boolean json;

  @Spec private CommandSpec spec;

  public ValidateCommand(Check check) {
    this.check = check;
  }

  @Override
  public Integer call() {
    if (folder != null && !Files.isDirectory(folder.resolve("connectors"))) {
      throw new ParameterException(
          spec.commandLine(), "there is no folder " + folder.resolve("connectors"));
    }
    List<Fault> faults = check.faults(folder);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(asJson(faults));
    } else if (faults.isEmpty()) {
      out.println("no fault found");
    } else {
      faults.forEach(out::println);
      out.printf("%d fault%s found%n", faults.size(), faults.size() == 1 ? "" : "s");
    }
    out.flush();
    return faults.isEmpty() ? 0 : 1;
  }

  private static String asJson(List<Fault> faults) {
    try {
      return new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValueAsString(
              faults.stream()
                  .map(
                      fault ->
                          Map.of(
                              "file", fault.file().toString(),
                              "line", fault.line(),
                              "column", fault.column(),
                              "message", fault.message()))
                  .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
