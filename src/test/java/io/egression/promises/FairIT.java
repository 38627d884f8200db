package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestHub;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Promise 7: one account's push does not delay another by more than one window of runs. */
class FairIT {
  private static final int PUSH = 100_000;
  private static final int WINDOW = 16;
  private static final int RUN = 64;

  @Test
  void a_single_job_is_delivered_before_more_than_one_window_of_another_account_s_push() {
    AtomicInteger pushed = new AtomicInteger();
    try (StubServer channel =
            new StubServer(
                call -> {
                  if (call.header("Egression-Channel").equals("pushes")) {
                    pushed.incrementAndGet();
                  }
                  return Answer.of(200);
                });
        TestHub hub =
            TestHub.prepare()
                .accounts(
                    "acme",
                    TestHub.account("pushes", channel, "payload: reference"),
                    TestHub.account("single", channel, "payload: reference"))
                .start()) {
      hub.post("/v1/accounts/acme/pushes/pause", "");
      push(hub);
      assertThat(hub.number("SELECT count(*) FROM job")).isEqualTo(PUSH);
      hub.post("/v1/accounts/acme/pushes/resume", "");
      org.awaitility.Awaitility.await().until(() -> pushed.get() > 0);
      int before = pushed.get();
      String single = hub.submit(TestHub.job("acme", "single", "product", "1")).get(0);
      hub.await(single, "delivered");
      assertThat(pushed.get() - before).isLessThanOrEqualTo(WINDOW * RUN);
      assertThat(
              hub.number(
                  "SELECT count(*) FROM lane JOIN account USING (account_id)"
                      + " WHERE channel = 'pushes' AND state IN ('queued', 'running')"))
          .isLessThanOrEqualTo(WINDOW);
    }
  }

  /** A thousand keys of a hundred jobs. */
  private static void push(TestHub hub) {
    for (int chunk = 0; chunk < PUSH / 5000; chunk++) {
      StringBuilder jobs = new StringBuilder("[");
      for (int i = 0; i < 5000; i++) {
        int n = chunk * 5000 + i;
        jobs.append(i == 0 ? "" : ",")
            .append(
                TestHub.job(
                    "acme",
                    "pushes",
                    "product",
                    "p" + n,
                    "\"partitionKey\":\"k" + n % 1000 + "\""));
      }
      hub.submit(jobs.append("]").toString());
    }
  }
}
