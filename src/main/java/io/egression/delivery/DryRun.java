package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.FilterDefinition;
import io.egression.job.Action;
import io.egression.ledger.Node;
import io.egression.ledger.Run;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;

/**
 * Says what would become of an object at an account, from its state at the Metadata API now:
 * nothing is delivered or recorded. Thread safe.
 */
public final class DryRun {
  private final ProducerTemplate camel;
  private final FilterStep filters;
  private final Node node;

  public DryRun(ProducerTemplate camel, FilterStep filters, Node node) {
    this.camel = camel;
    this.filters = filters;
    this.node = node;
  }

  /** An object, and what would be done with it. */
  public record Question(Action action, String objectType, String objectId) {}

  /**
   * @param by the filters that judge it
   * @return its verdict is {@code unknown} if the object can't be had, and its text says why
   */
  public FilterStep.Verdict judge(Account account, Question question, List<FilterDefinition> by) {
    List<String> ids = List.of(question.objectId);
    Run.Item job =
        new Run.Item(
            new UUID(0, 0),
            0,
            "dry-run",
            question.action,
            question.objectType,
            ids,
            ids,
            null,
            0,
            0,
            null,
            0,
            0,
            0,
            0,
            null,
            node.clock().instant());
    Run run =
        new Run(new UUID(0, 0), node.id(), 0, account.key(), "", Run.Standing.NORMAL, List.of(job));
    Work work = new Work(run, job, account);
    Exchange fetched =
        camel.request(
            "direct:enrich",
            exchange -> {
              exchange.setProperty(RunInHand.PROPERTY, new RunInHand(run, Duration.ZERO));
              exchange.setProperty(Work.PROPERTY, work);
            });
    return fetched.getException() == null
        ? filters.judge(work, by)
        : new FilterStep.Verdict(
            "unknown", String.valueOf(fetched.getException().getMessage()), List.of());
  }
}
