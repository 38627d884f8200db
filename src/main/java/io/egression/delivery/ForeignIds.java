package io.egression.delivery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.job.Action;
import io.egression.ledger.ObjectMappings;
import org.apache.camel.Exchange;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the channel calls the object in hand; the bean {@code ids} of Kamelets that call once for
 * each object ({@link ObjectCalls}). Thread safe.
 */
public final class ForeignIds {
  /** On the exchange: their id; absent: not known. */
  static final String PROPERTY = "foreignId";

  private static final Logger LOG = LoggerFactory.getLogger(ForeignIds.class);

  private final ObjectMappings mappings;

  public ForeignIds(ObjectMappings mappings) {
    this.mappings = mappings;
  }

  /** Puts their id, if it is known, on the exchange and as {@code foreignId} into the body. */
  public void find(Exchange exchange) {
    String foreignId = mappings.find(key(exchange)).orElse(null);
    exchange.setProperty(PROPERTY, foreignId);
    if (foreignId != null) {
      exchange.getMessage().getBody(ObjectNode.class).put(PROPERTY, foreignId);
    }
  }

  /**
   * Keeps what a successful call has taught: a create's id, or that a delete's is gone.
   *
   * @param did what the call did, which may be another action than the job's
   * @param foreignId as found in the answer; null: none was found
   */
  void learn(Exchange exchange, Action did, @Nullable String foreignId) {
    if (did == Action.DELETE) {
      mappings.forget(key(exchange));
    } else if (did == Action.CREATE && foreignId != null) {
      mappings.remember(key(exchange), foreignId);
    } else if (did == Action.CREATE) {
      LOG.warn(
          "job {}: the answer to the create of {} has no id where foreignId looks for it",
          work(exchange).job.id(),
          ObjectCalls.objectId(exchange));
    }
  }

  private static ObjectMappings.Key key(Exchange exchange) {
    Work work = work(exchange);
    return new ObjectMappings.Key(
        work.run.account(), work.job.objectType(), ObjectCalls.objectId(exchange));
  }

  private static Work work(Exchange exchange) {
    return exchange.getProperty(Work.PROPERTY, Work.class);
  }
}
