package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import io.egression.intake.JmsIntake;
import jakarta.jms.JMSContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;

/**
 * A broker with a backup beside it, which replicates it, is killed: the hub goes on with the
 * backup.
 */
class FailoverIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void a_killed_broker_s_backup_takes_over_without_a_restart_of_the_hub() {
    int first = TestBroker.freePort();
    int second = TestBroker.freePort();
    String pair =
        "(tcp://127.0.0.1:%d,tcp://127.0.0.1:%d)?ha=true&reconnectAttempts=-1&retryInterval=200"
            .formatted(first, second);
    try (ForkedJava primary = broker(first, second, false);
        StubServer shop = new StubServer(call -> Answer.json("{}"))) {
      primary.awaitLine(PairedBrokerProcess.ACTIVE);
      try (ForkedJava backup = broker(second, first, true)) {
        backup.awaitLine(PairedBrokerProcess.IN_STEP);
        try (TestHub hub = hub(pair, shop);
            ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(pair);
            JMSContext producer = factory.createContext()) {
          List<String> jobs = new ArrayList<>(submit(hub, 0, 100));
          send(producer, "before");
          primary.kill();
          jobs.addAll(submit(hub, 100, 200)); // while there is no broker
          backup.awaitLine(PairedBrokerProcess.ACTIVE);
          send(producer, "after");
          jobs.addAll(submit(hub, 200, 300));

          hub.awaitAllFinal(PATIENCE);
          assertThat(jobs).allSatisfy(job -> assertThat(hub.state(job)).isEqualTo("delivered"));
          for (String object : List.of("before", "after")) {
            await(object)
                .atMost(PATIENCE)
                .until(
                    () ->
                        hub.number(
                                "SELECT count(*) FROM job WHERE state = 'delivered' AND object_ids[1] = '"
                                    + object
                                    + "'")
                            == 1);
          }
        }
      }
    }
  }

  private static ForkedJava broker(int port, int other, boolean backup) {
    return new ForkedJava(
        PairedBrokerProcess.class,
        Map.of(),
        TestBroker.newDirectory().toString(),
        String.valueOf(port),
        String.valueOf(other),
        String.valueOf(backup));
  }

  private static TestHub hub(String broker, StubServer shop) {
    return TestHub.prepare()
        .with("egression.broker.url", broker)
        .with("egression.jms.users", "anonymous=*")
        .accounts("acme", TestHub.account("a", shop, "partitionBy: object", "payload: reference"))
        .start();
  }

  private static void send(JMSContext producer, String object) {
    producer
        .createProducer()
        .send(producer.createQueue(JmsIntake.QUEUE), TestHub.job("acme", "a", "product", object));
  }

  private static List<String> submit(TestHub hub, int from, int to) {
    List<String> jobs = new ArrayList<>();
    for (int n = from; n < to; n++) {
      jobs.addAll(hub.submit(TestHub.job("acme", "a", "product", "p" + n % 50)));
    }
    return jobs;
  }
}
