package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;

class JmsConnectorIT {
  private static String account(String channel, String destination) {
    return ("  %s:\n    connector: jms-connector\n    payload: reference\n"
            + "    parameters: {destination: \"%s\"}\n")
        .formatted(channel, destination);
  }

  @Test
  void without_an_address_a_job_goes_to_a_queue_or_topic_of_the_hub_s_own_broker()
      throws JMSException {
    try (TestBroker broker = new TestBroker();
        StubServer metadata = new StubServer(call -> Answer.of(200));
        TestHub hub =
            TestHub.prepare()
                .metadata(metadata)
                .with("egression.broker.url", broker.url())
                .accounts(
                    "acme", account("own", "queue:acme.own"), account("news", "topic:acme.news"))
                .start();
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(broker.url());
        JMSContext context = factory.createContext();
        JMSConsumer reader = context.createConsumer(context.createTopic("acme.news"))) {
      String own = hub.submit(TestHub.job("acme", "own", "product", "1")).get(0);
      String news = hub.submit(TestHub.job("acme", "news", "product", "2")).get(0);
      hub.await(own, "delivered");
      hub.await(news, "delivered");
      assertThat(broker.count("acme.own")).isEqualTo(1);
      TextMessage message = (TextMessage) reader.receive(10_000);
      assertThat(message.getStringProperty("EgressionJob")).isEqualTo(news);
      assertThat(message.getText()).contains("\"objects\":[{\"id\":\"2\"}]");
    }
  }

  @Test
  void a_broker_that_is_away_is_a_fault_of_the_connection_and_not_of_the_kamelet() {
    String nowhere = "queue:x\", brokerUrl: \"tcp://127.0.0.1:" + TestBroker.freePort();
    try (StubServer metadata = new StubServer(call -> Answer.of(200));
        TestHub hub =
            TestHub.prepare()
                .metadata(metadata)
                .accounts("acme", account("away", nowhere))
                .start()) {
      String job = hub.submit(TestHub.job("acme", "away", "product", "1")).get(0);
      await().until(() -> !hub.job(job).get("attempts").isEmpty());
      assertThat(hub.job(job).at("/attempts/0/detail").asText()).isEqualTo("no answer: connect");
    }
  }
}
