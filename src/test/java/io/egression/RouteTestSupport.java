package io.egression;

import io.egression.StubServer.Answer;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.main.MainConfigurationProperties;
import org.apache.camel.test.junit5.CamelContextConfiguration;
import org.apache.camel.test.junit5.TestExecutionConfiguration;
import org.apache.camel.test.main.junit5.CamelMainTestSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * The real routes in Camel's test support, with a hub's own beans, database and broker behind them,
 * and real servers for the connectors and the Metadata API. What goes to {@code direct:x}, to a
 * Kamelet or to the dead letter queue is seen by {@code mock:direct:x} and so on, and goes there
 * all the same.
 */
abstract class RouteTestSupport extends CamelMainTestSupport {
  static StubServer metadata;
  static StubServer channel;

  /** Where nobody listens. */
  static StubServer gone;

  TestHub hub;

  @BeforeAll
  static void startServers() {
    metadata = new StubServer(call -> Answer.of(200));
    channel = new StubServer(call -> Answer.of(200));
    gone = new StubServer(call -> Answer.of(200));
    gone.close();
  }

  @AfterAll
  static void stopServers() {
    channel.close();
    metadata.close();
  }

  @Override
  public void configureTest(TestExecutionConfiguration configuration) {
    super.configureTest(configuration);
    configuration.withUseAdviceWith(true); // the test starts Camel: the hub goes on from there
  }

  @Override
  public void configureContext(CamelContextConfiguration configuration) {
    super.configureContext(configuration);
    configuration.withMockEndpoints("(direct|kamelet):.*|jms:.*egression.dead-letter.*");
  }

  @Override
  protected void configure(MainConfigurationProperties configuration) {
    hub.hub().configure(configuration);
  }

  @Override
  protected CamelContext createCamelContext() throws Exception {
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .file(
                "marketplace-connector.connector.yaml",
                "limits:\n  - {name: calls, permits: 1, per: 1s}\n")
            .accounts(
                "acme",
                TestHub.account("shop", channel),
                TestHub.account("references", channel, "payload: reference"),
                TestHub.account("gone", gone, "payload: reference"),
                TestHub.account("market", channel, "payload: reference")
                    .replace("http-connector", "marketplace-connector"));
    try {
      hub.create().open();
      camelContextConfiguration()
          .withUseOverridePropertiesWithPropertiesComponent(hub.hub().properties());
      CamelContext camel = CamelCli.keptFrom(super.createCamelContext());
      hub.hub().wire(camel);
      return camel;
    } catch (RuntimeException e) {
      hub.close();
      throw e;
    }
  }

  @BeforeEach
  void startRoutes() {
    channel.behave(call -> Answer.of(200));
    metadata.behave(call -> Answer.json("{\"name\":\"Küche\"}"));
    channel.calls().clear();
    metadata.calls().clear();
    context.start();
    hub.hub().work();
  }

  @AfterEach
  void stopRoutes() {
    context.stop();
    hub.close();
  }

  /** A job of this account for one object. */
  String submit(String account, String object) {
    return hub.submit(TestHub.job("acme", account, "product", object)).get(0);
  }

  /** What has gone to this endpoint, whatever its parameters. */
  List<Exchange> received(String uri) {
    return context.getEndpoints().stream()
        .filter(MockEndpoint.class::isInstance)
        .map(MockEndpoint.class::cast)
        .filter(mock -> mock.getEndpointUri().replace("//", "").startsWith("mock:" + uri))
        .flatMap(mock -> mock.getReceivedExchanges().stream())
        .toList();
  }
}
