package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.ledger.Node;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.camel.Exchange;

/** Whether this hub can work; the bean {@code health} of its route. Thread safe. */
public final class Health {
  private final Node node;
  private final Dispatcher dispatcher;
  private final LongSupplier repairs;
  private final ObjectMapper json;

  /**
   * @param repairs how much the sweep has put right
   */
  public Health(Node node, Dispatcher dispatcher, LongSupplier repairs, ObjectMapper json) {
    this.node = node;
    this.dispatcher = dispatcher;
    this.repairs = repairs;
    this.json = json;
  }

  /**
   * 200 if ledger and broker are there, else 503; says which is not. Nodes that are configured
   * differently all work, each with what it has: that is degraded, and 200.
   */
  public void answer(Exchange exchange) throws JsonProcessingException {
    boolean ledger = node.outlives(Duration.ZERO);
    boolean broker = dispatcher.isBrokerThere();
    boolean agreed = node.isAgreed();
    Map<String, Object> states = new LinkedHashMap<>();
    states.put("status", ledger && broker && agreed ? "up" : "degraded");
    states.put("ledger", ledger ? "up" : "away");
    states.put("broker", broker ? "up" : "away");
    states.put("configuration", agreed ? "agreed" : "differs");
    states.put("repairs", repairs.getAsLong());
    exchange.getMessage().removeHeaders("*");
    exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, ledger && broker ? 200 : 503);
    exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "application/json");
    exchange.getMessage().setBody(json.writeValueAsString(states));
  }
}
