package io.egression.demo;

import static java.util.stream.Collectors.joining;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Live progress, a line a channel. A terminal has its bars redrawn in place; anything else gets a
 * plain line whenever a channel has come to another tenth.
 */
public final class ProgressBars {
  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";
  private static final String UP = "\u001B[%dA";
  private static final String CLEAR_LINE = "\u001B[2K";
  private static final String CLEAR_BELOW = "\u001B[J";

  private final PrintStream out;
  private final boolean terminal;
  private final int width;
  private final Map<String, Integer> tenths = new HashMap<>();
  private int drawn;

  /**
   * @param terminal whether {@code out} understands ANSI sequences
   * @param width the terminal's columns; no bar's line is longer
   */
  public ProgressBars(PrintStream out, boolean terminal, int width) {
    this.out = out;
    this.terminal = terminal;
    this.width = width;
  }

  /**
   * How far a channel is.
   *
   * @param total 0: not known yet
   * @param note a word on what it is doing
   */
  public record Bar(String channel, int done, int total, String note) {
    public Bar {
      if (channel.isBlank() || done < 0 || total < 0) {
        throw new IllegalArgumentException("no bar: '" + channel + "' " + done + "/" + total);
      }
    }

    // Done and total are not read at one instant, so a bar may be more than full.
    private int parts(int whole) {
      return total == 0 ? 0 : (int) Math.min(whole, (long) whole * done / total);
    }

    private String count() {
      return done + "/" + total;
    }

    private String inWords() {
      return (channel + ": " + parts(100) + " %, " + count() + " " + note).stripTrailing() + "\n";
    }
  }

  /** Shows the bars, on a terminal in place of those shown before. */
  public void show(List<Bar> bars) {
    out.print(terminal ? redrawn(bars) : newTenths(bars));
    out.flush();
  }

  /** Leaves the bars as they stand; what is shown next begins below them. */
  public void end() {
    drawn = 0;
    tenths.clear();
    out.flush();
  }

  private String redrawn(List<Bar> bars) {
    StringBuilder text = new StringBuilder(drawn == 0 ? "" : UP.formatted(drawn));
    int names = longest(bars, Bar::channel);
    int counts = longest(bars, Bar::count);
    for (Bar bar : bars) {
      text.append(CLEAR_LINE).append(cut(line(bar, names, counts))).append('\n');
    }
    if (bars.size() < drawn) {
      text.append(CLEAR_BELOW);
    }
    drawn = bars.size();
    return text.toString();
  }

  private String line(Bar bar, int names, int counts) {
    String format = "%-" + names + "s  %s %3d %%  %" + counts + "s  %s";
    return String.format(
            Locale.ROOT,
            format,
            bar.channel(),
            blocks(bar, width / 4),
            bar.parts(100),
            bar.count(),
            bar.note())
        .stripTrailing();
  }

  private static String blocks(Bar bar, int length) {
    int eighths = bar.parts(8 * length);
    String full = "█".repeat(eighths / 8);
    String begun = eighths % 8 == 0 ? "" : EIGHTHS.substring(eighths % 8, eighths % 8 + 1);
    return full + begun + "░".repeat(length - full.length() - begun.length());
  }

  private String cut(String line) {
    int length = line.codePointCount(0, line.length());
    return line.substring(0, line.offsetByCodePoints(0, Math.min(length, width)));
  }

  private static int longest(List<Bar> bars, Function<Bar, String> part) {
    return bars.stream().map(part).mapToInt(String::length).max().orElse(0);
  }

  private String newTenths(List<Bar> bars) {
    return bars.stream().filter(this::isAtNewTenth).map(Bar::inWords).collect(joining());
  }

  private boolean isAtNewTenth(Bar bar) {
    Integer tenth = bar.parts(10);
    return !tenth.equals(tenths.put(bar.channel(), tenth));
  }
}
