package io.egression.bench.peer;

import io.egression.CamelCli;
import io.egression.delivery.EmbeddedBroker;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.JMSProducer;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.Queue;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.main.Main;

/**
 * A plain Camel route without a ledger, JMS in, HTTP out, acknowledged without waiting: the bare
 * limit. Its embedded broker has the hub's configuration; a key is a message group.
 */
public final class CamelPeer implements Peer {
  private final ActiveMQConnectionFactory connections = new ActiveMQConnectionFactory("vm://0");
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final Main main = new Main();
  private final boolean kamelet;
  private final JMSContext context;
  private final List<Queue> queues;

  private CamelPeer(String route) throws Exception {
    EmbeddedBroker.start(Path.of("artemis/broker.xml"), Surroundings.directory(), 0);
    connections.setBlockOnAcknowledge(false);
    connections.setBlockOnDurableSend(false); // the commit waits for all of them
    kamelet = route.equals("kamelet");
    context = connections.createContext(JMSContext.SESSION_TRANSACTED);
    List<String> names =
        route.equals("throttle") ? List.of("rate", "burst", "window") : List.of("bench");
    queues = names.stream().map(context::createQueue).toList();
    prepare(route);
  }

  /**
   * Runs until standard input ends.
   *
   * @param arguments which route: bare or kamelet; throttle: three, each of which gets every job
   */
  public static void main(String[] arguments) throws Exception {
    new CamelPeer(arguments[0]).serve();
  }

  private void prepare(String route) {
    main.setDefaultPropertyPlaceholderLocation("false");
    main.configure()
        .withRoutesIncludePattern("classpath:bench/" + route + ".camel.yaml")
        .withMessageHistory(false)
        .withUseDataType(false)
        .withAutoStartup(false)
        .withAutoConfigurationLogSummary(false);
    main.addInitialProperty("bench.sink", Surroundings.sink());
    main.addInitialProperty(
        "bench.limited", URI.create(Surroundings.sink()).resolve("/limit").toString());
    main.addInitialProperty("bench.calls", String.valueOf(Surroundings.calls()));
    main.addInitialProperty("bench.retry", String.valueOf(Surroundings.retry().toMillis()));
    main.addInitialProperty(
        "camel.component.kamelet.location", "file:" + Path.of("connectors").toAbsolutePath());
    main.bind("jms", JmsComponent.jmsComponent(connections));
    // The account's client that the Kamelet names by its route, here without credentials.
    main.bind("client/http-connector-1", (HttpClientConfigurer) client -> {});
    main.bind("deliveryMapper", new com.fasterxml.jackson.databind.ObjectMapper());
    main.bind("done", (Processor) exchange -> done.incrementAndGet());
    main.bind("attempt", (Processor) CamelPeer::nextAttempt);
    main.init();
    HttpComponent http = main.getCamelContext().getComponent("http", HttpComponent.class);
    http.setAutomaticRetriesDisabled(true);
    http.setFollowRedirects(false);
    http.setConnectionsPerRoute(200);
    http.setMaxTotalConnections(1000);
    main.addMainListener(new CamelCli());
    main.start();
  }

  private static void nextAttempt(Exchange exchange) {
    int before = exchange.getMessage().getHeader(Exchange.REDELIVERY_COUNTER, 0, int.class);
    exchange.getMessage().setHeader("Egression-Attempt", before + 1);
  }

  @Override
  public void work() {
    try {
      main.getCamelContext().setAutoStartup(true); // for the Kamelet's route, made on first use
      main.getCamelContext().getRouteController().startAllRoutes();
    } catch (Exception e) { // Camel declares Exception
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void accept(List<SinkJob> jobs) {
    JMSProducer producer = context.createProducer();
    try {
      for (SinkJob job : jobs) {
        for (Queue queue : queues) {
          producer.send(queue, message(job));
        }
      }
    } catch (JMSException e) {
      throw new IllegalStateException(e);
    }
    context.commit();
    accepted.addAndGet((long) jobs.size() * queues.size());
  }

  private Message message(SinkJob job) throws JMSException {
    Message message =
        kamelet ? map(context.createMapMessage(), job) : context.createTextMessage(job.body(1));
    message.setStringProperty("JMSXGroupID", job.key());
    message.setStringProperty("Egression_HYPHEN_Partition", job.key());
    message.setIntProperty("Egression_HYPHEN_Place", job.place());
    message.setIntProperty("Egression_HYPHEN_Attempt", 1);
    message.setStringProperty("Idempotency_HYPHEN_Key", job.id());
    return message;
  }

  private static Message map(MapMessage message, SinkJob job) throws JMSException {
    Map<String, String> words =
        Map.of("job", job.id(), "subscription", "acme", "channel", "shop", "objectType", "product");
    for (Map.Entry<String, String> word : words.entrySet()) {
      message.setString(word.getKey(), word.getValue());
    }
    message.setInt("object", job.number());
    return message;
  }

  @Override
  public long pending() {
    return accepted.get() - done.get();
  }
}
