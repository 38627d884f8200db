package io.egression.delivery;

import org.apache.camel.Exchange;
import org.apache.camel.ExchangeProperty;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the connector's endpoint for the job in hand; the bean {@code router} of the call route.
 */
public final class ConnectorRouter {
  /** One hop: the account's endpoint; then none, which ends the dynamic router. */
  public @Nullable String next(
      @ExchangeProperty(Exchange.SLIP_ENDPOINT) @Nullable String previous,
      @ExchangeProperty(Work.PROPERTY) Work work) {
    return previous == null ? work.account.endpoint() : null;
  }
}
