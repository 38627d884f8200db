package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.ledger.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.apache.camel.Exchange;

/** Whether this hub can work; the bean {@code health} of its route. Thread safe. */
public final class Health {
  private final Node node;
  private final Dispatcher dispatcher;
  private final IntSupplier faults;
  private final LongSupplier repairs;
  private final ObjectMapper json;

  /**
   * @param faults of edited files that are not in force
   * @param repairs how much the sweep has put right
   */
  public Health(
      Node node,
      Dispatcher dispatcher,
      IntSupplier faults,
      LongSupplier repairs,
      ObjectMapper json) {
    this.faults = faults;
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
    int faulty = faults.getAsInt();
    Map<String, Object> states = new LinkedHashMap<>();
    states.put("status", ledger && broker && agreed && faulty == 0 ? "up" : "degraded");
    List<String> reasons = reasons(ledger, broker, agreed);
    if (faulty > 0) {
      reasons.add(
          "edited files have %d faults: what was in force before stays; GET /v1/configuration"
              .formatted(faulty));
    }
    states.put("reasons", reasons);
    states.put("ledger", ledger ? "up" : "away");
    states.put("broker", broker ? "up" : "away");
    states.put("configuration", agreed ? "agreed" : "differs");
    states.put("repairs", repairs.getAsLong());
    say(exchange, ledger && broker ? 200 : 503, states);
  }

  /** What is not as it should be, and what follows from it. */
  private static List<String> reasons(boolean ledger, boolean broker, boolean agreed) {
    List<String> reasons = new ArrayList<>();
    if (!ledger) {
      reasons.add(
          "the ledger (PostgreSQL) is away, or its answers take too long: nothing is accepted, no"
              + " call starts");
    }
    if (!broker) {
      reasons.add("the broker (Artemis) is away: jobs are accepted and wait in the ledger");
    }
    if (!agreed) {
      reasons.add("nodes are configured differently: each works with what it has");
    }
    return reasons;
  }

  /** 200 while the process serves at all; a restart would help if it does not. */
  public void live(Exchange exchange) throws JsonProcessingException {
    say(exchange, 200, Map.of("status", "up"));
  }

  private void say(Exchange exchange, int status, Map<String, Object> body)
      throws JsonProcessingException {
    exchange.getMessage().removeHeaders("*");
    exchange.getMessage().setHeader(Exchange.HTTP_RESPONSE_CODE, status);
    exchange.getMessage().setHeader(Exchange.CONTENT_TYPE, "application/json");
    exchange.getMessage().setBody(json.writeValueAsString(body));
  }

  /** Whether the ledger is there, and calls may start. */
  public boolean isLedgerThere() {
    return node.outlives(Duration.ZERO);
  }

  public boolean isBrokerThere() {
    return dispatcher.isBrokerThere();
  }
}
