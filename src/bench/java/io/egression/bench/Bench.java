package io.egression.bench;

import io.egression.bench.part.Part;
import io.egression.bench.report.MarkdownTable;
import io.egression.bench.report.Report;
import io.egression.bench.report.Results;
import io.egression.bench.stage.BenchSettings;
import io.egression.bench.stage.Stage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the parts that {@code bench.parts} names and writes what they found after each. */
public final class Bench {
  private Bench() {}

  /** The suite's program; its settings are system properties. */
  public static void main(String[] arguments) {
    BenchSettings settings = BenchSettings.of(System.getProperties());
    Results results = new Results(System.out);
    try (Stage stage = new Stage(settings)) {
      Report report = new Report(Stage.output(), about(stage));
      List<MarkdownTable> tables = new ArrayList<>();
      Map<String, String> plots = new LinkedHashMap<>();
      for (Part part : chosen(settings.list("parts"))) {
        part.run(stage, results);
        tables.add(new MarkdownTable(part.title(), part.ratios(), results.medians(part.name())));
        plots.putAll(part.plots(results));
        report.write(results, tables, plots);
      }
      tables.forEach(table -> System.out.println(table.text()));
    }
    System.exit(results.failures().isEmpty() ? 0 : 1);
  }

  private static List<Part> chosen(List<String> names) {
    List<Part> all = Part.all();
    for (String name : names) {
      if (all.stream().noneMatch(part -> part.name().equals(name))) {
        throw new IllegalArgumentException(
            "bench.parts: no part %s; known are %s"
                .formatted(name, all.stream().map(Part::name).toList()));
      }
    }
    return all.stream().filter(part -> names.contains(part.name())).toList();
  }

  private static Map<String, String> about(Stage stage) {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("processors", String.valueOf(Runtime.getRuntime().availableProcessors()));
    about.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    about.put("Java", Runtime.version().toString());
    about.put("PostgreSQL", stage.databases().version() + ", fsync on");
    stage.settings().values().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .filter(each -> !each.getValue().isEmpty())
        .forEach(each -> about.put("bench." + each.getKey(), each.getValue()));
    return about;
  }
}
