package io.egression.delivery;

import org.apache.camel.Exchange;
import org.apache.camel.support.ExpressionAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the connector's endpoint for the job in hand; the expression {@code router} of the send
 * route: an expression of its own, because Camel copies the whole message to call a bean's method.
 */
public final class ConnectorRouter extends ExpressionAdapter {
  /** One hop: the account's endpoint; then none, which ends the dynamic router. */
  @Override
  public @Nullable Object evaluate(Exchange exchange) {
    boolean isFirst = exchange.getProperty(Exchange.SLIP_ENDPOINT) == null;
    return isFirst ? exchange.getProperty(Work.PROPERTY, Work.class).account.endpoint() : null;
  }
}
