package io.egression.demo;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A plain-text table. A column of numbers, with or without a unit, is right-aligned. */
public record ReportTable(List<String> columns, List<List<String>> rows) {
  private static final Pattern NUMBER = Pattern.compile("-?\\d[\\d.,]*( ?(%|ms|s|min|h))?|–");
  private static final String GAP = "  ";

  public ReportTable {
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<String> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(row + " does not fit the columns " + columns);
      }
    }
  }

  /** The table's text; every line ends with a line feed. */
  public String render() {
    List<String> rule = indices().mapToObj(column -> "─".repeat(width(column))).toList();
    return Stream.concat(Stream.of(columns, rule), rows.stream())
        .map(this::line)
        .collect(Collectors.joining());
  }

  private String line(List<String> cells) {
    return indices()
            .mapToObj(column -> aligned(cells.get(column), column))
            .collect(Collectors.joining(GAP))
            .stripTrailing()
        + "\n";
  }

  private String aligned(String cell, int column) {
    String space = " ".repeat(width(column) - length(cell));
    return isNumeric(column) ? space + cell : cell + space;
  }

  private boolean isNumeric(int column) {
    return !rows.isEmpty()
        && rows.stream().allMatch(row -> NUMBER.matcher(row.get(column)).matches());
  }

  private int width(int column) {
    return Stream.concat(Stream.of(columns), rows.stream())
        .mapToInt(cells -> length(cells.get(column)))
        .max()
        .orElse(0);
  }

  private static int length(String cell) {
    return cell.codePointCount(0, cell.length());
  }

  private IntStream indices() {
    return IntStream.range(0, columns.size());
  }
}
