package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Calls of a key that start before the answers to earlier ones are on disk: {@code writeBehind}.
 */
class WriteBehindIT {
  private static final int JOBS = 64;
  private static final Duration BEHIND = Duration.ofMillis(900);
  private static final Duration CALL = Duration.ofMillis(50);

  private final AtomicReference<Connection> lock = new AtomicReference<>();
  private final List<String> jobs = new ArrayList<>();
  private StubServer channel;
  private TestHub hub;

  @BeforeEach
  void start() {
    channel = new StubServer(call -> Answer.of(200));
    hub = TestHub.prepare();
    hub.accounts(
            "acme",
            TestHub.account(
                "shop", channel, "payload: reference", "writeBehind: " + BEHIND.toMillis() + "ms"))
        .start();
    hub.post("/v1/accounts/acme/shop/pause", "");
    String all =
        String.join(
            ",",
            IntStream.range(0, JOBS)
                .mapToObj(i -> TestHub.job("acme", "shop", "product", "p" + i))
                .toList());
    jobs.addAll(hub.submit("[" + all + "]"));
  }

  @AfterEach
  void stop() {
    hub.close();
    channel.close();
  }

  @Test
  void they_go_on_while_answers_are_written_but_no_longer_than_the_account_says() throws Exception {
    channel.behave(
        call -> {
          nothingIsRecordedFromNowOn();
          new CountDownLatch(1).await(CALL.toMillis(), TimeUnit.MILLISECONDS);
          return Answer.of(200);
        });
    resume();
    await()
        .during(Duration.ofSeconds(1))
        .untilAsserted(
            () ->
                assertThat(stable()).isGreaterThan(1).isLessThan(2 + (int) BEHIND.dividedBy(CALL)));
    lock.get().close();
    assertAllDeliveredOnceAndInOrder();
  }

  @Test
  void they_do_not_over_a_job_over_which_a_node_died() throws Exception {
    hub.execute("UPDATE job SET lost = 1 WHERE job_id = '%s'".formatted(jobs.get(2)));
    channel.behave(
        call -> {
          nothingIsRecordedFromNowOn();
          return Answer.of(200);
        });
    resume();
    await().until(() -> channel.calls().size() == 1);
    await().during(BEHIND.plus(CALL)).until(() -> channel.calls().size() == 1);
    lock.get().close();
    assertAllDeliveredOnceAndInOrder();
  }

  @Test
  void a_job_cancelled_during_a_long_call_is_not_called_after_it() throws Exception {
    CountDownLatch inCall = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    channel.behave(
        call -> {
          inCall.countDown();
          goOn.await();
          return Answer.of(200);
        });
    resume();
    inCall.await();
    hub.post("/v1/jobs/" + jobs.get(1) + "/cancel", "");
    await().pollDelay(BEHIND).until(() -> true); // what was known before it is too old then
    goOn.countDown();
    hub.await(jobs.get(1), "cancelled");
    hub.awaitAllFinal(Duration.ofSeconds(60));
    assertThat(channel.calls()).extracting(StubServer.Call::objectId).doesNotContain("p1");
    assertThat(channel.calls()).hasSize(JOBS - 1);
  }

  private void resume() {
    hub.post("/v1/accounts/acme/shop/resume", "");
  }

  private synchronized void nothingIsRecordedFromNowOn() throws SQLException {
    if (lock.get() == null) {
      Connection held = SharedPostgres.connect(hub.setting("egression.database.url"));
      held.setAutoCommit(false);
      held.createStatement().execute("SELECT FROM lane FOR UPDATE");
      lock.set(held);
    }
  }

  private int calls = -1;

  /** How many calls there are; a number that fits nothing while there are more each time. */
  private int stable() {
    int before = calls;
    calls = channel.calls().size();
    return before == calls ? calls : -1;
  }

  private void assertAllDeliveredOnceAndInOrder() {
    hub.awaitAllFinal(Duration.ofSeconds(60));
    assertThat(channel.calls())
        .extracting(StubServer.Call::objectId)
        .containsExactlyElementsOf(IntStream.range(0, JOBS).mapToObj(i -> "p" + i).toList());
    assertThat(hub.number("SELECT count(*) FROM job WHERE state = 'delivered'")).isEqualTo(JOBS);
  }
}
