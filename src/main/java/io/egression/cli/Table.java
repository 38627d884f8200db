package io.egression.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Rows under headings, each column as wide as it has to be. */
final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... headings) {
    rows.add(List.of(headings));
  }

  Table row(Object... cells) {
    rows.add(java.util.Arrays.stream(cells).map(Table::text).toList());
    return this;
  }

  /** What an answer says is shown, never obeyed: control characters would be. */
  private static String text(Object cell) {
    return String.valueOf(cell).replaceAll("\\p{Cntrl}", " ");
  }

  void print(PrintWriter out) {
    int last = rows.get(0).size() - 1;
    int[] widths =
        IntStream.rangeClosed(0, last)
            .map(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < last; column++) {
        line.append(row.get(column));
        line.append(" ".repeat(widths[column] - row.get(column).length() + 2));
      }
      out.println(line.append(row.get(last)).toString().stripTrailing());
    }
  }
}
