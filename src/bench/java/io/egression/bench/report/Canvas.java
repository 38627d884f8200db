package io.egression.bench.report;

import java.util.List;
import java.util.Locale;

/** Draws axes, lines and their names; readable on light and dark ground. */
final class Canvas {
  private static final List<String> COLOURS =
      List.of("#d1495b", "#2e86ab", "#3c9d4e", "#e0a030", "#7a5195", "#6c757d", "#17a2a2");
  private static final int LEFT = 70;
  private static final int TOP = 40;
  private static final int WIDTH = 520;
  private static final int HEIGHT = 260;
  private static final int LINES = 5;

  private final StringBuilder body = new StringBuilder();
  private final StringBuilder points = new StringBuilder();
  private double most = 1;
  private int number = -1;

  Canvas(String title, String across, String up) {
    text(LEFT, TOP - 18, "start", "14", title);
    text(LEFT + WIDTH / 2.0, TOP + HEIGHT + 38, "middle", "12", across);
    text(LEFT - 8, TOP - 4, "end", "12", up);
  }

  /** Sets the greatest value that can be drawn, and draws the lines that help to read values. */
  void scale(double greatest) {
    most = greatest;
    for (int i = 0; i <= LINES; i++) {
      double value = greatest * i / LINES;
      add("<path d='M%d %.1fh%d' stroke='#8884' fill='none'/>", LEFT, y(value), WIDTH);
      text(LEFT - 8, y(value) + 4, "end", "11", String.format(Locale.ROOT, "%,.0f", value));
    }
  }

  /** A word on the axis, from 0 at its left to 1 at its right. */
  void mark(double x, String word) {
    text(LEFT + x * WIDTH, TOP + HEIGHT + 18, "middle", "11", word);
  }

  /** Begins the next line. */
  void next(String name) {
    finishLine();
    number++;
    double y = TOP + 14 + number * 18.0;
    add("<path d='M%d %.1fh18' stroke='%s' stroke-width='3'/>", LEFT + WIDTH + 16, y, colour());
    text(LEFT + WIDTH + 40, y + 4, "start", "12", name);
  }

  void point(double x, double value) {
    points.append(
        String.format(
            Locale.ROOT, "%s%.1f %.1f", points.isEmpty() ? "M" : "L", LEFT + x * WIDTH, y(value)));
  }

  private void finishLine() {
    if (!points.isEmpty()) {
      add("<path d='%s' stroke='%s' stroke-width='2' fill='none'/>", points, colour());
      points.setLength(0);
    }
  }

  private String colour() {
    return COLOURS.get(number % COLOURS.size());
  }

  private static double y(double value, double most) {
    return TOP + HEIGHT * (1 - value / most);
  }

  private double y(double value) {
    return y(value, most);
  }

  private void text(double x, double y, String anchor, String size, String words) {
    add(
        "<text x='%.1f' y='%.1f' text-anchor='%s' font-size='%s' fill='#888'>%s</text>",
        x, y, anchor, size, words);
  }

  private void add(String format, Object... values) {
    body.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  String svg() {
    finishLine();
    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 780 350' font-family='sans-serif'>\n"
        + body
        + "</svg>\n";
  }
}
