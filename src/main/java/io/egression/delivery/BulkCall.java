package io.egression.delivery;

import io.egression.connector.Policy;
import io.egression.job.Outcome;
import io.egression.ledger.Run;
import java.util.Collections;
import org.apache.camel.Exchange;

/**
 * Gathers the next jobs of the run into the call of the one in hand, if its connector takes
 * several; the bean {@code bulk} of the call route. Each is enriched and judged as if it were
 * alone. Thread safe.
 */
public final class BulkCall {
  /** The exchange's property while a further job is prepared: the job whose call it is. */
  private static final String LEAD = "lead";

  /** Whether a further job is to be added; the predicate {@code gathering} of the call route. */
  public static boolean isGathering(Exchange exchange) {
    Work lead = work(exchange);
    RunInHand run = run(exchange);
    Run.Item next = run.peek();
    return next != null && isOpen(lead) && !isCancelled(run, next) && fits(lead, next);
  }

  private static boolean isOpen(Work lead) {
    Policy.Bulk bulk = lead.bulk();
    return bulk != null
        && !lead.closed
        && lead.action() == lead.job.action()
        && lead.together().stream().mapToLong(each -> each.bytes).sum() < bulk.bytes();
  }

  private static boolean isCancelled(RunInHand run, Run.Item job) {
    return job.cancelAsked() != null || run.cancelAsked.containsKey(job.id());
  }

  private static boolean fits(Work lead, Run.Item next) {
    return next.action() == lead.job.action()
        && next.objectType().equals(lead.job.objectType())
        && next.source().equals(lead.job.source())
        && lead.sent().size() + next.pending().size() <= lead.bulk().objects()
        && lead.all().stream()
            .allMatch(each -> Collections.disjoint(each.job.objectIds(), next.objectIds()));
  }

  /** Puts the next job in hand. */
  public void next(Exchange exchange) {
    Work lead = work(exchange);
    exchange.setProperty(LEAD, lead);
    exchange.setProperty(Work.PROPERTY, new Work(lead.run, run(exchange).take(), lead.account));
  }

  /** It goes in the call. */
  public void add(Exchange exchange) {
    Work further = work(exchange);
    Work lead = backToLead(exchange);
    if (further.action() == lead.action()) {
      lead.fellows.add(further);
    } else {
      putBack(exchange, lead); // a delete of what no longer matches
    }
  }

  /** It ended before any call, or else has to wait for its own turn. */
  public void failed(Exchange exchange) {
    Work further = work(exchange);
    Work lead = backToLead(exchange);
    Throwable fault = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    Outcome end = fault instanceof UndeliverableException early ? early.outcome() : null;
    if (end != null && isFinal(end)) {
      further.outcome = end;
      lead.ended.add(further);
    } else {
      putBack(exchange, lead);
    }
  }

  private static boolean isFinal(Outcome outcome) {
    return outcome instanceof Outcome.Filtered
        || outcome instanceof Outcome.Superseded
        || outcome instanceof Outcome.Rejected;
  }

  private static void putBack(Exchange exchange, Work lead) {
    run(exchange).putBack();
    lead.closed = true;
  }

  private static Work backToLead(Exchange exchange) {
    Work lead = exchange.getProperty(LEAD, Work.class);
    exchange.removeProperty(LEAD);
    exchange.setProperty(Work.PROPERTY, lead);
    return lead;
  }

  private static Work work(Exchange exchange) {
    return exchange.getProperty(Work.PROPERTY, Work.class);
  }

  private static RunInHand run(Exchange exchange) {
    return exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
  }
}
