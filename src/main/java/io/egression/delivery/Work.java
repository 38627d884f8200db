package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.job.Action;
import io.egression.job.Outcome;
import io.egression.ledger.Run;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The job in hand, from enrichment to outcome; the exchange's property {@code work}. One thread.
 */
public final class Work {
  static final String PROPERTY = "work";

  final Run run;
  final Run.Item job;
  final Account account;

  /** The job's objects, gathered so far. */
  final List<Delivery.ObjectBody> objects = new ArrayList<>();

  /** Ids that the Metadata API does not know. */
  final List<String> missing = new ArrayList<>();

  int fetched;
  long calledNanos;
  @Nullable Instant calledAt;
  @Nullable Integer status;
  @Nullable String excerpt;
  @Nullable Outcome outcome;

  Work(Run run, Run.Item job, Account account) {
    this.run = run;
    this.job = job;
    this.account = account;
    if (!needsBodies()) {
      job.pending().forEach(id -> objects.add(new Delivery.ObjectBody(id, null)));
      fetched = job.pending().size();
    }
  }

  private boolean needsBodies() {
    return job.action() != Action.DELETE && account.payload() == Account.Payload.FULL;
  }

  /** The correlation of the connector's limit. */
  public String getConnector() {
    return account.connector().id();
  }

  /** Whether the connector's policy limits its calls. */
  public boolean isLimited() {
    return account.connector().policy().limit() != null;
  }

  /** Calls allowed in each period. */
  public int getPermits() {
    var limit = account.connector().policy().limit();
    return limit == null ? 0 : limit.permits();
  }

  /** Another object is to be fetched. */
  public boolean isFetching() {
    return fetched < job.pending().size();
  }

  CallDeadlines.@Nullable Call deadline;

  /** The answer is there, or never will be; whether it took too long. */
  boolean endDeadline() {
    CallDeadlines.Call call = deadline;
    deadline = null;
    if (call == null) {
      return false;
    }
    call.close();
    return call.isExpired();
  }

  boolean wasCalled() {
    return calledAt != null;
  }
}
