package io.egression.bench.report;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files of a run: {@code results.json}, {@code results.md} and plots. */
public record Report(Path directory, Map<String, String> about) {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /** Writes all anew. */
  public void write(Results results, List<MarkdownTable> tables, Map<String, String> plots) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("about", about);
    all.put("measurements", results.all());
    all.put("failures", results.failures());
    all.put("skipped", results.skipped());
    StringBuilder text = new StringBuilder("# Results\n\n");
    about.forEach(
        (name, value) -> text.append("- ").append(name).append(": ").append(value).append('\n'));
    results.failures().forEach(failure -> text.append("- FAILED ").append(failure).append('\n'));
    results.skipped().forEach(skipped -> text.append("- skipped ").append(skipped).append('\n'));
    text.append('\n');
    tables.forEach(table -> text.append(table.text()));
    plots.keySet().forEach(plot -> text.append("![](").append(plot).append(")\n"));
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve("results.json"), JSON.writeValueAsString(all) + "\n");
      Files.writeString(directory.resolve("results.md"), text);
      for (Map.Entry<String, String> plot : plots.entrySet()) {
        Files.writeString(directory.resolve(plot.getKey()), plot.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
