package io.egression.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTableTest {
  @Test
  void words_are_aligned_to_the_left_and_numbers_to_the_right() {
    ReportTable table =
        new ReportTable(
            List.of("channel", "object type", "delivered", "retried", "throttled", "dead", "time"),
            List.of(
                List.of("webshop-de", "category", "8", "0", "0", "0", "0.4 s"),
                List.of("marketplace-fr", "offer", "1,120", "17", "44", "–", "12.9 s"),
                List.of("moody-é", "product", "60", "7", "0", "1", "950 ms")));
    assertThat(table.render())
        .isEqualTo(
            """
            channel         object type  delivered  retried  throttled  dead    time
            ──────────────  ───────────  ─────────  ───────  ─────────  ────  ──────
            webshop-de      category             8        0          0     0   0.4 s
            marketplace-fr  offer            1,120       17         44     –  12.9 s
            moody-é         product             60        7          0     1  950 ms
            """);
  }

  @Test
  void a_column_with_one_word_in_it_is_aligned_to_the_left() {
    ReportTable table =
        new ReportTable(List.of("id", "n"), List.of(List.of("4711", "1"), List.of("A 12/34", "2")));
    assertThat(table.render())
        .isEqualTo(
            """
            id       n
            ───────  ─
            4711     1
            A 12/34  2
            """);
  }

  @Test
  void a_table_without_rows_is_its_head() {
    assertThat(new ReportTable(List.of("channel", "dead"), List.of()).render())
        .isEqualTo("channel  dead\n───────  ────\n");
  }

  @Test
  void a_row_that_does_not_fit_its_columns_is_refused() {
    assertThatThrownBy(() -> new ReportTable(List.of("a", "b"), List.of(List.of("1"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("[1] does not fit the columns [a, b]");
  }
}
