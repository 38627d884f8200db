package io.egression.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class GroupingTest {
  private final List<List<String>> groups = new CopyOnWriteArrayList<>();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private Grouping<String, String> grouping;

  @AfterEach
  void close() {
    release.countDown();
    grouping.close();
  }

  @Test
  void everyone_gets_the_answer_to_what_they_asked() {
    start(GroupingTest::answers);
    List<CompletableFuture<String>> answers = ask("a", "b", "c");
    assertThat(answers)
        .extracting(CompletableFuture::join)
        .containsExactly("a done", "b done", "c done");
  }

  @Test
  void what_is_asked_while_one_statement_is_under_way_is_done_together_and_in_order()
      throws InterruptedException {
    start(this::firstWaits);
    List<CompletableFuture<String>> answers = new ArrayList<>(ask("first"));
    begun.await();
    answers.addAll(ask("a", "b", "c", "d"));
    release.countDown();
    answers.forEach(CompletableFuture::join);
    assertThat(groups).containsExactly(List.of("first"), List.of("a", "b", "c", "d"));
  }

  @Test
  void what_is_asked_patiently_is_done_with_what_comes_next() throws InterruptedException {
    start(this::firstWaits);
    ask("first");
    begun.await();
    List<CompletableFuture<String>> answers = new ArrayList<>();
    answers.add(grouping.askPatiently("a"));
    answers.add(grouping.askPatiently("b"));
    answers.addAll(ask("c"));
    release.countDown();
    answers.forEach(CompletableFuture::join);
    assertThat(groups).containsExactly(List.of("first"), List.of("a", "b", "c"));
  }

  @Test
  void what_is_asked_patiently_is_done_in_the_end_though_nothing_else_comes() {
    start(this::firstWaits);
    release.countDown();
    assertThat(grouping.askPatiently("a").join()).isEqualTo("a done");
    assertThat(grouping.askPatiently("b").join()).isEqualTo("b done");
    assertThat(groups).containsExactly(List.of("a"), List.of("b"));
  }

  @Test
  void a_group_has_a_largest_size_and_the_rest_keeps_its_order() throws InterruptedException {
    start(this::firstWaits);
    List<CompletableFuture<String>> answers = new ArrayList<>(ask("first"));
    begun.await();
    String[] many = IntStream.range(0, 2500).mapToObj(String::valueOf).toArray(String[]::new);
    answers.addAll(ask(many));
    release.countDown();
    answers.forEach(CompletableFuture::join);
    assertThat(groups).extracting(List::size).containsExactly(1, 1000, 1000, 500);
    assertThat(groups.stream().skip(1).flatMap(List::stream)).containsExactly(many);
  }

  @Test
  void a_request_that_cannot_be_served_does_not_fail_the_others() throws InterruptedException {
    start(
        group -> {
          firstWaits(group);
          if (group.contains("bad")) {
            throw new IllegalArgumentException("bad");
          }
          return answers(group);
        });
    ask("first");
    begun.await();
    List<CompletableFuture<String>> answers = ask("a", "bad", "b");
    release.countDown();
    assertThat(answers.get(0).join()).isEqualTo("a done");
    assertThatThrownBy(() -> answers.get(1).join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(IllegalArgumentException.class);
    assertThat(answers.get(2).join()).isEqualTo("b done");
    assertThat(groups)
        .containsExactly(
            List.of("first"), List.of("a", "bad", "b"), List.of("a"), List.of("bad"), List.of("b"));
  }

  @Test
  void requests_are_kept_in_order_while_the_database_is_away() {
    AtomicInteger calls = new AtomicInteger();
    start(
        group -> {
          groups.add(group);
          if (calls.incrementAndGet() < 3) {
            throw new LedgerAwayException(new IllegalStateException(), false);
          }
          return answers(group);
        });
    List<CompletableFuture<String>> answers = ask("a", "b", "c");
    assertThat(answers)
        .extracting(CompletableFuture::join)
        .containsExactly("a done", "b done", "c done");
    assertThat(groups).hasSizeGreaterThanOrEqualTo(3);
    assertThat(groups.get(1)).isEqualTo(groups.get(0));
    assertThat(groups.get(2)).isEqualTo(groups.get(0));
  }

  @Test
  void closing_waits_until_what_was_asked_is_done() throws InterruptedException {
    start(this::firstWaits);
    List<CompletableFuture<String>> answers = new ArrayList<>(ask("first"));
    begun.await();
    answers.addAll(ask("a", "b"));
    Thread closing = closeInBackground();
    assertThat(answers).noneMatch(CompletableFuture::isDone);
    release.countDown();
    closing.join();
    assertThat(answers)
        .extracting(answer -> answer.getNow("open"))
        .containsExactly("first done", "a done", "b done");
  }

  @Test
  void what_is_asked_after_the_end_fails_at_once() {
    start(GroupingTest::answers);
    grouping.close();
    CompletableFuture<String> late = ask("late").get(0);
    assertThat(late).isCompletedExceptionally();
    assertThatThrownBy(late::join).hasRootCauseMessage("the hub has stopped");
  }

  @Test
  void closing_does_not_wait_for_a_database_that_is_away() {
    start(
        group -> {
          groups.add(group);
          throw new LedgerAwayException(new IllegalStateException(), false);
        });
    CompletableFuture<String> answer = ask("a").get(0);
    Awaitility.await().until(() -> !groups.isEmpty());
    grouping.close();
    assertThat(answer).isCompletedExceptionally();
    assertThatThrownBy(answer::join).hasCauseInstanceOf(LedgerAwayException.class);
  }

  private Thread closeInBackground() {
    Thread closing = new Thread(grouping::close);
    closing.start();
    Awaitility.await()
        .pollInterval(Duration.ofMillis(1))
        .until(() -> closing.getState() == Thread.State.TIMED_WAITING);
    return closing;
  }

  private void start(Function<List<String>, List<String>> work) {
    grouping = new Grouping<>("grouping-test", work);
  }

  private List<CompletableFuture<String>> ask(String... requests) {
    return List.of(requests).stream().map(request -> grouping.ask(request)).toList();
  }

  private static List<String> answers(List<String> group) {
    return group.stream().map(each -> each + " done").toList();
  }

  private List<String> firstWaits(List<String> group) {
    groups.add(group);
    begun.countDown();
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return answers(group);
  }
}
