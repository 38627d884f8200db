package io.egression.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** A part's cases as a table: circumstances, medians and ratios. */
public record MarkdownTable(
    String title, List<Ratio> ratios, Map<Case, Map<String, Double>> medians) {
  /** The table with its title. */
  public String text() {
    Set<String> circumstances = new LinkedHashSet<>();
    Set<String> figures = new LinkedHashSet<>();
    medians.forEach(
        (each, values) -> {
          circumstances.addAll(each.circumstances().keySet());
          figures.addAll(values.keySet());
        });
    List<String> columns = new ArrayList<>(circumstances);
    columns.add("contender");
    columns.addAll(figures);
    ratios.forEach(ratio -> columns.add(ratio.column()));
    StringBuilder text = new StringBuilder("## " + title + "\n\n");
    text.append(line(columns)).append('|');
    columns.forEach(
        column ->
            text.append(
                circumstances.contains(column) || column.equals("contender") ? "---|" : "---:|"));
    text.append('\n');
    medians.keySet().forEach(each -> text.append(line(row(each, circumstances, figures))));
    return text.append('\n').toString();
  }

  private List<String> row(Case each, Set<String> circumstances, Set<String> figures) {
    List<String> cells = new ArrayList<>();
    circumstances.forEach(name -> cells.add(each.circumstances().getOrDefault(name, "")));
    cells.add(each.contender());
    Map<String, Double> values = medians.get(each);
    figures.forEach(
        figure -> cells.add(values.containsKey(figure) ? Figures.text(values.get(figure)) : ""));
    ratios.forEach(ratio -> cells.add(ratio(ratio, each)));
    return cells;
  }

  private String ratio(Ratio ratio, Case each) {
    Double value = medians.get(each).get(ratio.figure());
    Double base = medians.getOrDefault(ratio.base().apply(each), Map.of()).get(ratio.figure());
    if (value == null || base == null || base == 0) {
      return "";
    }
    return String.format(Locale.ROOT, "%.2f", value / base);
  }

  private static String line(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }
}
