package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import io.egression.intake.JmsIntake;
import jakarta.jms.JMSContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;

/** The broker's disk or memory is full: what waits, and where. */
class BrokerFullIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static TestHub hub(TestBroker broker, StubServer shop, String by) {
    return TestHub.prepare()
        .with("egression.broker.url", broker.url())
        .with("egression.jms.users", "anonymous=acme")
        .accounts("acme", TestHub.account("shop", shop, "payload: reference", by));
  }

  private static List<String> delivered(StubServer shop) {
    return shop.calls().stream().map(StubServer.Call::objectId).toList();
  }

  @Test
  void a_full_disk_stops_deliveries_and_no_acceptance_and_all_goes_on_when_it_has_room() {
    int jobs = 2_000;
    try (TestBroker broker = new TestBroker();
        StubServer shop = new StubServer(call -> Answer.of(200));
        TestHub hub = hub(broker, shop, "partitionBy: object").start()) {
      broker.diskIsFull(true);
      for (int part = 0; part < jobs; part += 500) {
        hub.submit(
            IntStream.range(part, part + 500)
                .mapToObj(i -> TestHub.job("acme", "shop", "product", "p" + i))
                .collect(Collectors.joining(",", "[", "]"))); // all are accepted
      }
      // The hub still has credit for some runs.
      AtomicInteger before = new AtomicInteger(-1);
      await()
          .pollInterval(Duration.ofSeconds(3))
          .atMost(SOON)
          .until(() -> shop.calls().size() == before.getAndSet(shop.calls().size()));
      assertThat(shop.calls()).hasSizeLessThan(jobs);
      broker.diskIsFull(false);
      hub.awaitAllFinal(SOON);
      assertThat(delivered(shop).stream().distinct())
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, jobs).mapToObj(i -> "p" + i).toList());
    }
  }

  @Test
  void a_producer_to_a_full_disk_waits_and_its_message_is_a_job_then() {
    try (TestBroker broker = new TestBroker();
        StubServer shop = new StubServer(call -> Answer.of(200));
        TestHub hub = hub(broker, shop, "partitionBy: object").start();
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(broker.url());
        JMSContext producer = factory.createContext()) {
      broker.diskIsFull(true);
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(
              () ->
                  producer
                      .createProducer()
                      .send(
                          producer.createQueue(JmsIntake.QUEUE),
                          TestHub.job("acme", "shop", "product", "late")));
      await()
          .during(Duration.ofSeconds(3))
          .atMost(Duration.ofSeconds(5))
          .until(() -> !sent.isDone() && hub.number("SELECT count(*) FROM job") == 0);
      broker.diskIsFull(false);
      await().atMost(SOON).until(sent::isDone);
      sent.join();
      await().atMost(SOON).until(() -> delivered(shop).contains("late"));
    }
  }

  @Test
  void messages_that_memory_does_not_hold_are_paged_and_taken_in_their_order() {
    int jobs = 3_000;
    try (TestBroker broker = new TestBroker();
        StubServer shop = new StubServer(call -> Answer.of(200));
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(broker.url());
        TestHub hub = hub(broker, shop, "partitionBy: account")) {
      broker.memory(200_000);
      try (JMSContext producer = factory.createContext(JMSContext.SESSION_TRANSACTED)) {
        var queue = producer.createQueue(JmsIntake.QUEUE);
        for (int i = 0; i < jobs; i++) {
          producer.createProducer().send(queue, TestHub.job("acme", "shop", "product", "p" + i));
        }
        producer.commit();
      }
      assertThat(broker.isPaging(JmsIntake.QUEUE)).isTrue();
      // Paged messages are counted a moment after their commit.
      await().atMost(SOON).until(() -> broker.count(JmsIntake.QUEUE) == jobs);
      hub.start();
      await().atMost(SOON).until(() -> hub.number("SELECT count(*) FROM job") == jobs);
      hub.awaitAllFinal(SOON);
      assertThat(delivered(shop))
          .containsExactlyElementsOf(IntStream.range(0, jobs).mapToObj(i -> "p" + i).toList());
    }
  }
}
