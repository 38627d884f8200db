package io.egression.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.job.Action;
import io.egression.job.ObjectRef;
import io.egression.job.Submission;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AfterOrderTest {
  private static Submission job(List<String> ids, String... after) {
    return new Submission(
        "s",
        "t",
        null,
        Action.UPDATE,
        "category",
        ids,
        null,
        null,
        null,
        4,
        new UUID(0, 1),
        List.of(after).stream().map(id -> new ObjectRef("category", id)).toList(),
        null);
  }

  @Test
  void without_a_word_they_keep_their_order() throws Exception {
    assertThat(AfterOrder.of(List.of(job(List.of("b")), job(List.of("a")), job(List.of("b")))))
        .containsExactly(0, 1, 2);
  }

  @Test
  void parents_go_first_and_jobs_of_an_object_keep_their_order() throws Exception {
    List<Submission> jobs =
        List.of(
            job(List.of("c"), "p"),
            job(List.of("c")),
            job(List.of("p"), "root"),
            job(List.of("p")),
            job(List.of("root")));
    assertThat(AfterOrder.of(jobs)).containsExactly(4, 2, 3, 0, 1);
  }

  @Test
  void a_circle_through_the_order_of_an_object_is_one_too() {
    // c waits for p, whose job waits for its turn behind the one that shares an object with it
    List<Submission> jobs = List.of(job(List.of("a", "c"), "p"), job(List.of("p", "a")));
    assertThatThrownBy(() -> AfterOrder.of(jobs))
        .isInstanceOf(AfterOrder.CycleException.class)
        .hasMessage("goes round in a circle: category/a after category/p after category/a");
  }

  @Test
  void what_comes_after_its_own_object_again_is_a_circle() {
    assertThatThrownBy(() -> AfterOrder.of(List.of(job(List.of("a"), "a"), job(List.of("a")))))
        .isInstanceOf(AfterOrder.CycleException.class);
  }

  @Test
  void a_long_chain_is_no_matter() throws Exception {
    List<Submission> chain =
        IntStream.range(0, 10_000).mapToObj(n -> job(List.of("" + n), "" + (n + 1))).toList();
    assertThat(AfterOrder.of(chain).get(0)).isEqualTo(9_999);
  }
}
