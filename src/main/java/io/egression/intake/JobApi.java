package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.job.JobState;
import io.egression.ledger.FilterLedger;
import io.egression.ledger.JobQueries;
import io.egression.ledger.JobQueries.Found;
import io.egression.ledger.JobQueries.Summary;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Answers questions about jobs. A caller sees only its own subscriptions. Thread safe. */
public final class JobApi {
  /** One line of a job's story. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TimelineEntry(
      Instant at, String what, @Nullable String detail, @Nullable String actor) {}

  /** A job with its story. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record JobView(
      @JsonUnwrapped Summary job,
      @Nullable List<String> undelivered,
      @Nullable Explanation waitsFor,
      FilterLedger.@Nullable Decision filters,
      List<TimelineEntry> timeline,
      List<JobQueries.Attempt> attempts) {}

  /**
   * A page of a list.
   *
   * @param next the cursor of the next page; absent: there is none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Page(List<Summary> jobs, @Nullable String next) {}

  /** The query parameters of a list, as they came. */
  public record ListQuery(
      @Nullable String subscription,
      @Nullable String channel,
      @Nullable String state,
      @Nullable String object,
      @Nullable String cursor,
      @Nullable String limit) {}

  private static final int MOST = 500;
  private static final int USUAL = 50;

  private final JobQueries jobs;
  private final FilterLedger decisions;
  private final Clock clock;

  public JobApi(JobQueries jobs, FilterLedger decisions, Clock clock) {
    this.jobs = jobs;
    this.decisions = decisions;
    this.clock = clock;
  }

  /**
   * @throws ProblemException 404 if there is no such job for this caller
   */
  public JobView find(String id, Caller caller) {
    Found found =
        uuid(id)
            .flatMap(jobs::find)
            .filter(job -> caller.maySee(job.job().subscription()))
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.of(404, "no-such-job", "There is no such job", null)));
    List<JobQueries.Attempt> attempts = jobs.attempts(found.job().id());
    boolean open = !JobState.of(found.job().state()).map(JobState::isFinal).orElse(false);
    boolean partly = found.pending().size() < found.job().objectIds().size();
    return new JobView(
        found.job(),
        partly && !"delivered".equals(found.job().state()) ? found.pending() : null,
        open ? Explanation.of(found, clock.instant()) : null,
        decisions.find(found.job().id()).orElse(null),
        timeline(found.job(), attempts, jobs.events(found.job().id())),
        attempts);
  }

  private static List<TimelineEntry> timeline(
      Summary job, List<JobQueries.Attempt> attempts, List<JobQueries.Event> events) {
    List<TimelineEntry> timeline = new ArrayList<>();
    timeline.add(new TimelineEntry(job.acceptedAt(), "accepted", "from " + job.source(), null));
    for (JobQueries.Attempt attempt : attempts) {
      String status = attempt.status() == null ? "" : "status " + attempt.status() + ", ";
      String next = attempt.nextAt() == null ? "" : ", next at " + attempt.nextAt();
      timeline.add(
          new TimelineEntry(
              attempt.startedAt(),
              "attempt " + attempt.number() + ": " + attempt.outcome(),
              status + attempt.tookMillis() + " ms" + next,
              null));
    }
    events.forEach(
        event ->
            timeline.add(
                new TimelineEntry(event.at(), event.kind(), event.detail(), event.actor())));
    if (job.finishedAt() != null) {
      timeline.add(new TimelineEntry(job.finishedAt(), job.state(), job.reason(), null));
    }
    timeline.sort(Comparator.comparing(TimelineEntry::at));
    return timeline;
  }

  /**
   * The jobs that match, newest first.
   *
   * @throws ProblemException 400 naming each parameter that is not right
   */
  public Page list(ListQuery query, Caller caller) {
    JobQueries.Filter filter = filter(query, caller);
    JobQueries.Filter oneMore =
        new JobQueries.Filter(
            filter.subscriptions(),
            filter.channel(),
            filter.state(),
            filter.objectType(),
            filter.objectId(),
            filter.before(),
            filter.limit() + 1);
    List<Summary> found = jobs.list(oneMore);
    boolean more = found.size() > filter.limit();
    List<Summary> page = more ? found.subList(0, filter.limit()) : found;
    return new Page(page, more ? page.get(page.size() - 1).id().toString() : null);
  }

  private static JobQueries.Filter filter(ListQuery query, Caller caller) {
    List<FieldFault> faults = new ArrayList<>();
    String state = query.state();
    if (state != null && JobState.of(state).isEmpty()) {
      faults.add(
          FieldFault.ofParameter(
              "state",
              "must be one of "
                  + String.join(", ", Stream.of(JobState.values()).map(JobState::word).toList())));
    }
    int slash = query.object() == null ? -1 : query.object().indexOf('/');
    if (query.object() != null && slash < 1) {
      faults.add(FieldFault.ofParameter("object", "must be <type>/<id>: product/123"));
    }
    Optional<UUID> before = query.cursor() == null ? Optional.empty() : uuid(query.cursor());
    if (query.cursor() != null && before.isEmpty()) {
      faults.add(FieldFault.ofParameter("cursor", "must be the 'next' of the page before"));
    }
    int limit = limit(query.limit(), faults);
    checkText("channel", query.channel(), faults);
    checkText("subscription", query.subscription(), faults);
    checkText("object", query.object(), faults);
    requireNone(faults);
    return new JobQueries.Filter(
        subscriptions(query.subscription(), caller),
        query.channel(),
        state,
        slash < 1 ? null : query.object().substring(0, slash),
        slash < 1 ? null : query.object().substring(slash + 1),
        before.orElse(null),
        limit);
  }

  /** A NUL is no text for PostgreSQL; no name or id has control characters. */
  static void checkText(String parameter, @Nullable String text, List<FieldFault> faults) {
    if (text != null && text.chars().anyMatch(Character::isISOControl)) {
      faults.add(FieldFault.ofParameter(parameter, "must not contain control characters"));
    }
  }

  /**
   * @throws ProblemException 400 if there are faults in the query
   */
  static void requireNone(List<FieldFault> faults) {
    if (!faults.isEmpty()) {
      throw new ProblemException(
          new Problem(
              "urn:egression:problem:invalid-query", "The query is not right", 400, null, faults));
    }
  }

  /** Those that are asked about; null: all. */
  static @Nullable Set<String> subscriptions(@Nullable String asked, Caller caller) {
    if (asked == null) {
      return caller.subscriptions();
    }
    Set<String> one = new HashSet<>();
    if (caller.maySee(asked)) {
      one.add(asked);
    }
    return one;
  }

  private static int limit(@Nullable String text, List<FieldFault> faults) {
    if (text == null) {
      return USUAL;
    }
    if (text.matches("\\d{1,3}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= MOST) {
      return Integer.parseInt(text);
    }
    faults.add(FieldFault.ofParameter("limit", "must be a whole number from 1 to " + MOST));
    return USUAL;
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return text.length() == 36 ? Optional.of(UUID.fromString(text)) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
