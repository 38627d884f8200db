package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestBroker;
import io.egression.TestHub;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Promise 3: what waits, hangs or refuses delays nothing but itself. */
class NoBlockingIT {
  @Test
  void a_retrying_key_a_hanging_account_and_a_dead_connector_delay_no_other() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    StubServer refused = new StubServer(call -> Answer.of(200));
    refused.close();
    try (StubServer healthy = new StubServer(NoBlockingIT::oneKeyFails);
        StubServer hanging =
            new StubServer(
                call -> {
                  never.await();
                  return Answer.of(200);
                });
        TestHub hub =
            TestHub.prepare()
                .accounts(
                    "acme",
                    TestHub.account("good", healthy, "payload: reference", "partitionBy: object"),
                    TestHub.account("hangs", hanging, "payload: reference", "partitionBy: object"),
                    TestHub.account("refuses", refused, "payload: reference", "partitionBy: object")
                        .replace("connector: http-connector", "connector: marketplace-connector"))
                .start()) {
      String retried = hub.submit(TestHub.job("acme", "good", "product", "bad")).get(0);
      List<String> hang = submit(hub, "hangs", 40);
      List<String> refuse = submit(hub, "refuses", 40);
      List<String> good = submit(hub, "good", 300);
      good.forEach(job -> hub.await(job, "delivered"));
      assertThat(hub.state(retried)).isEqualTo("waiting");
      assertThat(hub.job(retried).get("waitsFor").get("kind").asText()).isEqualTo("retry");
      assertThat(hang).allMatch(job -> List.of("waiting", "delivering").contains(hub.state(job)));
      assertThat(refuse).allMatch(job -> List.of("waiting", "delivering").contains(hub.state(job)));
      never.countDown();
    }
  }

  @Test
  void a_call_that_hangs_delays_no_key_that_its_consumer_served_before() throws Exception {
    CountDownLatch hangs = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (StubServer channel =
            new StubServer(
                call -> {
                  if (call.objectId().equals("hangs")) {
                    hangs.countDown();
                    end.await();
                  }
                  return Answer.of(200);
                });
        TestBroker broker = new TestBroker();
        TestHub first = withOneConsumer(channel, broker).start();
        TestHub second = first.anotherNode().start()) {
      submit(first, "shop", 30).forEach(job -> first.await(job, "delivered"));
      assertThat(first.number("SELECT count(DISTINCT node_id) FROM attempt"))
          .as("each consumer has served keys")
          .isEqualTo(2);
      String hanging = second.submit(TestHub.job("acme", "shop", "product", "hangs")).get(0);
      hangs.await();
      submit(first, "shop", 30).forEach(job -> first.await(job, "delivered"));
      assertThat(first.job(hanging).get("attempts")).as("its first call hangs still").isEmpty();
      end.countDown();
      first.await(hanging, "delivered");
    }
  }

  private static TestHub withOneConsumer(StubServer channel, TestBroker broker) {
    return TestHub.prepare()
        .with("egression.broker.url", broker.url())
        .route(
            "consume",
            route ->
                route
                    .replace("concurrentConsumers: 16", "concurrentConsumers: 1")
                    .replace("\"{{consumers}}\"", "1"))
        .accounts(
            "acme", TestHub.account("shop", channel, "payload: reference", "partitionBy: object"));
  }

  private static Answer oneKeyFails(StubServer.Call call) {
    return call.objectId().equals("bad") ? Answer.of(503, "Retry-After", "3600") : Answer.of(200);
  }

  private static List<String> submit(TestHub hub, String channel, int count) {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      jobs.add(TestHub.job("acme", channel, "product", "p" + i));
    }
    return hub.submit("[" + String.join(",", jobs) + "]");
  }
}
