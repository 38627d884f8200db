package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Policy;
import io.egression.job.Action;
import io.egression.job.Outcome;
import io.egression.ledger.Run;
import io.egression.limit.Limit;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The job in hand, from enrichment to outcome, and those that go in its call; the exchange's
 * property {@code work}. One thread.
 */
public final class Work {
  static final String PROPERTY = "work";

  final Run run;
  final Run.Item job;
  final Account account;

  /** Those of the connector's that its call has to keep. */
  final List<Limit> limits;

  /** The job's objects, gathered so far. */
  final List<Delivery.ObjectBody> objects = new ArrayList<>();

  /** Ids that the Metadata API does not know. */
  final List<String> missing = new ArrayList<>();

  /** The jobs that go in the same call, after it. */
  final List<Work> fellows = new ArrayList<>();

  /** Jobs that were to go in its call, and ended before it. */
  final List<Work> ended = new ArrayList<>();

  /** No further job is added to its call. */
  boolean closed;

  private int fetched;
  private boolean isDelete;

  /** What the Metadata API was asked last. */
  @Nullable Question question;

  /** Whether several objects were asked for at once, and that did not work out. */
  boolean oneByOne;

  /** Of the objects gathered so far. */
  long bytes;

  /**
   * A request to the Metadata API.
   *
   * @param route that asks
   * @param ids of the objects, that of the next one first
   * @param kept what it need not send again if it is still the same
   * @param askedNanos when
   * @param askedAt when, by the hub's time
   * @param traceparent of the request
   */
  record Question(
      String route,
      List<String> ids,
      ObjectCache.@Nullable Kept kept,
      long askedNanos,
      Instant askedAt,
      String traceparent) {
    boolean isForSeveral() {
      return ids.size() > 1;
    }
  }

  /** How long the call took. */
  Duration took = Duration.ZERO;

  /** How long no call should follow; null: it is not known that none is left. */
  @Nullable Duration spent;

  /** What lets the call in, if it is fetched. */
  @Nullable AccessToken token;

  /** What the connector is told of the trace: the call's span. */
  @Nullable String traceparent;

  long calledNanos;
  @Nullable Instant calledAt;
  @Nullable Integer status;
  @Nullable String excerpt;
  @Nullable Outcome outcome;

  Work(Run run, Run.Item job, Account account) {
    this.run = run;
    this.job = job;
    this.account = account;
    this.limits =
        account.connector().policy().allowance().limits().stream()
            .filter(limit -> limit.covers(job.action(), job.objectType()))
            .toList();
    if (!needsBodies()) {
      job.pending().forEach(id -> objects.add(new Delivery.ObjectBody(id, null)));
      fetched = job.pending().size();
    }
  }

  /** Whether filters judge its objects. */
  boolean isJudged() {
    return !account.filtering().filters().isEmpty();
  }

  /** What is delivered: the job's action, or a delete of what no longer matches a filter. */
  Action action() {
    return isDelete ? Action.DELETE : job.action();
  }

  void turnIntoDelete() {
    isDelete = true;
    objects.replaceAll(object -> new Delivery.ObjectBody(object.id(), null));
  }

  /** Within what bounds its call takes further jobs; null: none. */
  Policy.@Nullable Bulk bulk() {
    // A key that is held by its dead job has nothing delivered after it.
    return account.holdOnDead() ? null : account.connector().policy().allowance().bulk();
  }

  /** The jobs of its call. */
  List<Work> together() {
    return fellows.isEmpty()
        ? List.of(this)
        : Stream.concat(Stream.of(this), fellows.stream()).toList();
  }

  /** The same, and those that ended before the call, in the order of their places. */
  List<Work> all() {
    return ended.isEmpty()
        ? together()
        : Stream.concat(together().stream(), ended.stream())
            .sorted(Comparator.comparingLong(each -> each.job.place()))
            .toList();
  }

  /** The ids of the objects of its call. */
  List<String> sent() {
    return fellows.isEmpty()
        ? job.pending()
        : together().stream().flatMap(each -> each.job.pending().stream()).toList();
  }

  /** The job of its call to which the object belongs. */
  Run.Item owner(Delivery.ObjectBody object) {
    return together().stream()
        .map(each -> each.job)
        .filter(each -> each.id().equals(object.job()))
        .findFirst()
        .orElse(job);
  }

  /** Its call was that of another. */
  void calledWith(Work lead) {
    isFellow = true;
    calledAt = lead.calledAt;
    took = lead.took;
    status = lead.status;
    excerpt = lead.excerpt;
  }

  private boolean needsBodies() {
    return job.action() != Action.DELETE && account.payload() == Account.Payload.FULL;
  }

  /** The correlation of the connector's limit. */
  public String getConnector() {
    return account.connector().id();
  }

  /** Whether the connector's policy says how many calls of an account may be under way at once. */
  boolean isNarrow() {
    return account.connector().policy().allowance().accountConcurrency() != null;
  }

  /** Calls of the account that may be under way at once. */
  public int getConcurrency() {
    Integer most = account.connector().policy().allowance().accountConcurrency();
    return most == null ? account.window() : most;
  }

  /** The correlation of the account's calls. */
  public String getAccount() {
    return run.account().toString();
  }

  /** Another object is to be fetched. */
  public boolean isFetching() {
    return fetched < job.pending().size();
  }

  /** The id of the object to be fetched next. */
  String nextId() {
    return job.pending().get(fetched);
  }

  /** The ids of the objects to be fetched yet. */
  List<String> rest() {
    return job.pending().subList(fetched, job.pending().size());
  }

  /** The related objects that the account wants with this type. */
  List<String> include() {
    return account.include().getOrDefault(job.objectType(), List.of());
  }

  void found(Delivery.ObjectBody object, int size) {
    objects.add(object);
    bytes += size;
    fetched++;
  }

  void missing(String id) {
    missing.add(id);
    fetched++;
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

  /** Whether its call is counted as another's. */
  boolean isFellow;

  boolean wasCalled() {
    return calledAt != null;
  }
}
