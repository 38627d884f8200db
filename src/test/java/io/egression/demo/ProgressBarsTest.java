package io.egression.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.demo.ProgressBars.Bar;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProgressBarsTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(written, false, UTF_8);

  @Test
  void a_terminal_shows_a_line_a_channel() {
    ProgressBars bars = new ProgressBars(out, true, 80);
    bars.show(
        List.of(
            new Bar("webshop-de", 193, 193, "done"),
            new Bar("marketplace-fr", 50, 193, "waits for its limit until 12:00:01"),
            new Bar("moody", 0, 193, "")));
    assertThat(text())
        .isEqualTo(
            """
            <clear>webshop-de      ████████████████████ 100 %  193/193  done
            <clear>marketplace-fr  █████▏░░░░░░░░░░░░░░  25 %   50/193  waits for its limit until 1
            <clear>moody           ░░░░░░░░░░░░░░░░░░░░   0 %    0/193
            """);
  }

  @Test
  void a_terminal_has_its_bars_redrawn_in_place() {
    ProgressBars bars = new ProgressBars(out, true, 40);
    bars.show(List.of(new Bar("a", 1, 4, "first"), new Bar("b", 2, 4, "")));
    bars.show(List.of(new Bar("a", 3, 4, ""), new Bar("b", 4, 4, "")));
    assertThat(text())
        .isEqualTo(
            """
            <clear>a  ██▌░░░░░░░  25 %  1/4  first
            <clear>b  █████░░░░░  50 %  2/4
            <up 2><clear>a  ███████▌░░  75 %  3/4
            <clear>b  ██████████ 100 %  4/4
            """);
  }

  @Test
  void a_bar_that_is_no_longer_shown_is_wiped() {
    ProgressBars bars = new ProgressBars(out, true, 40);
    bars.show(List.of(new Bar("a", 1, 1, ""), new Bar("b", 0, 1, "")));
    bars.show(List.of(new Bar("b", 1, 1, "")));
    assertThat(text())
        .endsWith(
            """
            <up 2><clear>b  ██████████ 100 %  1/1
            <clear below>""");
  }

  @Test
  void after_the_end_new_bars_begin_below() {
    ProgressBars bars = new ProgressBars(out, true, 40);
    bars.show(List.of(new Bar("a", 1, 1, "")));
    bars.end();
    bars.show(List.of(new Bar("a", 1, 1, "")));
    assertThat(text())
        .isEqualTo(
            """
            <clear>a  ██████████ 100 %  1/1
            <clear>a  ██████████ 100 %  1/1
            """);
  }

  @Test
  void a_bar_is_full_and_says_100_only_when_all_is_done() {
    ProgressBars bars = new ProgressBars(out, true, 80);
    bars.show(List.of(new Bar("a", 9_999, 10_000, ""), new Bar("b", 7, 5, "")));
    assertThat(text())
        .isEqualTo(
            """
            <clear>a  ███████████████████▉  99 %  9999/10000
            <clear>b  ████████████████████ 100 %         7/5
            """);
  }

  @Test
  void a_bar_whose_total_is_not_known_is_empty() {
    ProgressBars bars = new ProgressBars(out, true, 40);
    bars.show(List.of(new Bar("a", 0, 0, "")));
    assertThat(text()).isEqualTo("<clear>a  ░░░░░░░░░░   0 %  0/0\n");
  }

  @Test
  void no_line_is_longer_than_the_terminal_and_none_is_cut_inside_a_character() {
    ProgressBars bars = new ProgressBars(out, true, 40);
    bars.show(List.of(new Bar("a", 0, 1, "𝄞".repeat(20))));
    assertThat(text()).isEqualTo("<clear>a  ░░░░░░░░░░   0 %  0/1  " + "𝄞".repeat(14) + "\n");
  }

  @Test
  void elsewhere_a_plain_line_is_written_when_a_channel_comes_to_another_tenth() {
    ProgressBars bars = new ProgressBars(out, false, 80);
    IntStream.rangeClosed(0, 40).forEach(done -> bars.show(List.of(new Bar("shop", done, 40, ""))));
    assertThat(text())
        .isEqualTo(
            """
            shop: 0 %, 0/40
            shop: 10 %, 4/40
            shop: 20 %, 8/40
            shop: 30 %, 12/40
            shop: 40 %, 16/40
            shop: 50 %, 20/40
            shop: 60 %, 24/40
            shop: 70 %, 28/40
            shop: 80 %, 32/40
            shop: 90 %, 36/40
            shop: 100 %, 40/40
            """);
  }

  @Test
  void elsewhere_each_channel_has_tenths_of_its_own() {
    ProgressBars bars = new ProgressBars(out, false, 80);
    bars.show(List.of(new Bar("a", 1, 20, "starts"), new Bar("b", 5, 20, "")));
    bars.show(List.of(new Bar("a", 2, 20, "goes on"), new Bar("b", 5, 20, "waits")));
    assertThat(text())
        .isEqualTo(
            """
            a: 5 %, 1/20 starts
            b: 25 %, 5/20
            a: 10 %, 2/20 goes on
            """);
  }

  @Test
  void a_bar_without_a_channel_or_below_zero_is_refused() {
    assertThatThrownBy(() -> new Bar(" ", 0, 1, "")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Bar("a", -1, 1, "")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Bar("a", 0, -1, "")).isInstanceOf(IllegalArgumentException.class);
  }

  private String text() {
    return written
        .toString(UTF_8)
        .replace("\u001B[2K", "<clear>")
        .replace("\u001B[J", "<clear below>")
        .replaceAll("\u001B\\[(\\d+)A", "<up $1>");
  }
}
