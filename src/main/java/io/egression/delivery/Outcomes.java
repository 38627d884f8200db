package io.egression.delivery;

import io.egression.connector.Answer;
import io.egression.connector.Classifier;
import io.egression.connector.FaultKind;
import io.egression.connector.Policy;
import io.egression.job.JobState;
import io.egression.job.Outcome;
import io.egression.ledger.PatientPauses;
import io.egression.ledger.Pauses;
import io.egression.ledger.RunLedger;
import io.egression.ledger.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.http.base.HttpOperationFailedException;
import org.apache.camel.processor.ThrottlerRejectedExecutionException;
import org.apache.camel.util.ObjectHelper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what an attempt came to and records it; the bean {@code outcomes} of the call and deliver
 * routes. Thread safe.
 */
public final class Outcomes {
  /** Set on the exchange if jobs died: their ids; their letters are to be sent. */
  private static final String DIED = "died";

  private static final Logger LOG = LoggerFactory.getLogger("delivery.attempted");
  private static final Pattern CONTROLS = Pattern.compile("\\p{Cntrl}+");
  private static final int EXCERPT = 300;
  private static final int LOOKED_AT = 64 * 1024;
  private static final Duration SOON = Duration.ofMillis(100);

  private final RunLedger ledger;
  private final PatientPauses pauses;
  private final Dispatcher dispatcher;
  private final Enrichment enrichment;
  private final Classifier classifier;
  private final Credentials credentials;
  private final Listeners listeners;

  /** What decides. */
  public record Judges(Classifier classifier, Enrichment enrichment, Credentials credentials) {}

  /** Who learns from it. */
  public record Listeners(SlowAccounts slow, Permits permits, Breakers breakers, Meters meters) {}

  public Outcomes(
      RunLedger ledger,
      PatientPauses pauses,
      Dispatcher dispatcher,
      Judges judges,
      Listeners listeners) {
    this.ledger = ledger;
    this.pauses = pauses;
    this.dispatcher = dispatcher;
    this.classifier = judges.classifier;
    this.enrichment = judges.enrichment;
    this.credentials = judges.credentials;
    this.listeners = listeners;
  }

  /** The connector answered. */
  public void answered(Exchange exchange) {
    Work work = work(exchange);
    Integer status = exchange.getMessage().getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    // What knows nothing of the hub, and is not HTTP, leaves what was sent.
    boolean isAnswer = status != null || work.account.connector().kamelet().knowsDeliveries();
    String body = isAnswer ? body(exchange) : "";
    if (work.endDeadline()) {
      classify(work, tooLate(work));
      return;
    }
    Message answer = exchange.getMessage();
    answered(work, status, name -> header(answer, name), body);
  }

  private void answered(Work work, @Nullable Integer status, Answer.Headers headers, String body) {
    classify(work, new Answer(status, headers, body, null, work.sent()));
    credentials
        .answered(work, status)
        .ifPresent(early -> work.together().forEach(each -> each.outcome = early));
    work.excerpt = excerpt(Redaction.of(body, work.account, work.token));
  }

  /** Something threw on the way: before, in or after the call. */
  public void failed(Exchange exchange) {
    Work work = work(exchange);
    Throwable fault = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    boolean late = work.endDeadline();
    if (late) {
      classify(work, tooLate(work));
    } else if (fault instanceof UndeliverableException undeliverable) {
      work.outcome = undeliverable.outcome();
    } else if (fault instanceof ThrottlerRejectedExecutionException) {
      work.outcome = new Outcome.Delayed(SOON, "so many calls of the account are under way");
    } else if (work.wasCalled() && thrown(fault) instanceof HttpOperationFailedException answer) {
      answered(work, answer);
    } else if (work.isFetching()) {
      work.outcome = enrichment.away(work, "no answer: " + FaultKind.of(fault).word());
    } else {
      classify(work, new Answer(null, Answer.Headers.NONE, "", fault, work.sent()));
      if (FaultKind.of(fault) == FaultKind.OTHER) {
        LOG.warn("job {}: a route or Kamelet failed", work.job.id(), fault);
      }
    }
  }

  private static @Nullable Throwable thrown(Throwable fault) {
    return ObjectHelper.getException(HttpOperationFailedException.class, fault);
  }

  /** How a Kamelet of the catalogue tells an answer that is not 2xx. */
  private void answered(Work work, HttpOperationFailedException thrown) {
    String body = thrown.getResponseBody() == null ? "" : thrown.getResponseBody();
    Map<String, String> headers =
        thrown.getResponseHeaders() == null ? Map.of() : thrown.getResponseHeaders();
    answered(work, thrown.getStatusCode(), Answer.Headers.of(headers), looked(body));
  }

  private static Answer tooLate(Work work) {
    Throwable late = new java.net.SocketTimeoutException("the call took too long in total");
    return new Answer(null, Answer.Headers.NONE, "", late, work.sent());
  }

  private void classify(Work work, Answer answer) {
    boolean timeout = answer.fault() != null && FaultKind.of(answer.fault()) == FaultKind.TIMEOUT;
    listeners.slow.called(work.run.account(), timeout);
    if (work.wasCalled()) {
      work.took = Duration.ofNanos(System.nanoTime() - work.calledNanos);
      listeners.permits.called(work);
    }
    Policy policy = work.account.connector().policy();
    work.status = answer.status();
    for (Work each : work.together()) {
      Classifier.Past past =
          new Classifier.Past(each.job.failures(), each.job.failingSince(), each.job.throttles());
      each.outcome = classifier.classify(policy, answer, past, each.job.pending());
    }
    classifier.spent(policy, answer).ifPresent(wait -> work.spent = wait);
  }

  private static Work work(Exchange exchange) {
    return exchange.getProperty(Work.PROPERTY, Work.class);
  }

  /** Of several lines one list (RFC 9110, 5.3). */
  static @Nullable String header(Message answer, String name) {
    Object value = answer.getHeader(name);
    if (value instanceof Collection<?> lines) {
      return lines.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
    return value == null ? null : String.valueOf(value);
  }

  private static String body(Exchange exchange) {
    String body = exchange.getMessage().getBody(String.class);
    return body == null ? "" : looked(body);
  }

  private static String looked(String body) {
    return body.substring(0, Math.min(body.length(), LOOKED_AT));
  }

  private static @Nullable String excerpt(String body) {
    String begin = body.substring(0, Math.min(body.length(), 4 * EXCERPT));
    String plain = CONTROLS.matcher(begin).replaceAll(" ").strip();
    return plain.isEmpty() ? null : plain.substring(0, Math.min(plain.length(), EXCERPT));
  }

  /** A job and what it has come to. */
  private record Settled(Work work, Outcome outcome, Verdict verdict) {
    boolean isWaiting() {
      return verdict.state == JobState.WAITING;
    }

    /** The answer says that its objects, of all that may go in a call, have failed. */
    boolean isAlone() {
      return work.bulk() != null
          && outcome instanceof Outcome.Retry retry
          && retry.pending() != null;
    }

    UUID job() {
      return work.job.id();
    }
  }

  /**
   * Records the outcome in hand, and those of the jobs that went in its call; a job that died is
   * durable as such when this returns. If some have ended and others are to be tried again, these
   * step aside, so that they keep back only later jobs of their own objects.
   */
  public void record(Exchange exchange) {
    Work work = work(exchange);
    RunInHand run = exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
    List<Settled> settled = settled(work);
    List<Settled> waiting = settled.stream().filter(Settled::isWaiting).toList();
    List<Settled> ended = settled.stream().filter(each -> !each.isWaiting()).toList();
    boolean stops =
        pauseFirst(work, ended.isEmpty() ? settled.get(0).outcome : ended.get(0).outcome);
    List<Settled> aside =
        waiting.stream().filter(each -> !ended.isEmpty() || each.isAlone()).toList();
    stepAside(run, aside);
    List<Settled> staying = waiting.stream().filter(each -> !aside.contains(each)).toList();
    if (!staying.isEmpty()) {
      record(run, staying, staying.get(0).verdict.end);
    } else {
      Step.End end = ended.isEmpty() ? null : ended.get(ended.size() - 1).verdict.end;
      boolean last = stops || run.peek() == null || settled.size() < work.all().size();
      record(run, ended, end == null && (last || !aside.isEmpty()) ? Step.End.GO_ON : end);
    }
    settled.forEach(this::tell);
    List<UUID> dead =
        settled.stream()
            .filter(each -> each.verdict.state == JobState.DEAD)
            .map(Settled::job)
            .toList();
    exchange.setProperty(DIED, dead.isEmpty() ? null : dead);
  }

  /**
   * What is recorded now: nothing that lies behind a job without an outcome, or behind one that
   * keeps its place.
   */
  private List<Settled> settled(Work work) {
    work.fellows.stream().filter(each -> work.wasCalled()).forEach(each -> each.calledWith(work));
    List<Settled> called = new ArrayList<>();
    for (Work each : work.together()) {
      if (each == work || each.outcome != null) {
        called.add(settle(each));
      }
    }
    boolean isPast =
        called.size() == work.together().size() && !called.stream().allMatch(Settled::isWaiting);
    return isPast && !work.ended.isEmpty()
        ? work.all().stream().map(this::settle).toList()
        : called;
  }

  private Settled settle(Work work) {
    Outcome outcome = missingIsDead(work, work.outcome);
    return new Settled(work, outcome, verdict(work, outcome));
  }

  private void record(RunInHand run, List<Settled> settled, Step.@Nullable End end) {
    if (settled.isEmpty()) {
      run.record(ledger, null, end);
    }
    for (Settled each : settled) {
      boolean isLast = each == settled.get(settled.size() - 1);
      run.record(ledger, result(each.work, each.outcome, each.verdict), isLast ? end : null);
      if (each.verdict.state == JobState.DEAD) {
        run.awaitRecorded();
      }
    }
  }

  /** Durable when this returns: what ends after them would take their turns. */
  private void stepAside(RunInHand run, List<Settled> waiting) {
    if (!waiting.isEmpty()) {
      record(run, waiting, null);
      run.awaitRecorded();
      Map<UUID, Duration> delays = new HashMap<>();
      waiting.forEach(
          each -> delays.put(each.job(), Objects.requireNonNullElse(each.verdict.delay, SOON)));
      ledger.stepAside(run.run, delays);
    }
  }

  private void tell(Settled settled) {
    listeners.meters.attempted(settled.work, settled.outcome, settled.verdict.state);
    log(settled.work, settled.outcome, settled.verdict);
    if (settled.verdict.delay != null) {
      dispatcher.dueIn(settled.verdict.delay);
    }
  }

  /**
   * Before the lane can go on, so that no further call slips through.
   *
   * @return whether the account stands still now
   */
  private boolean pauseFirst(Work work, Outcome outcome) {
    Pauses.Target target = new Pauses.Target(work.run.account(), work.getConnector());
    boolean opened = listeners.breakers.called(work, outcome);
    if (outcome instanceof Outcome.Pause pause) {
      pauses.pause(target, pause.scope(), pause.after(), pause.reason());
    } else if (outcome instanceof Outcome.Throttled throttled) {
      String reason = "throttled: " + throttled.reason();
      pauses.pause(target, throttled.scope(), throttled.after(), reason);
    } else if (work.spent != null) {
      String reason = "the connector says that no call is left";
      pauses.pause(target, Outcome.PauseScope.ACCOUNT, work.spent, reason);
      dispatcher.dueIn(work.spent);
    } else {
      return opened;
    }
    return true;
  }

  /** What was found is delivered; for what the Metadata API does not know, the job is dead. */
  private static Outcome missingIsDead(Work work, @Nullable Outcome outcome) {
    if (outcome == null) {
      throw new IllegalStateException(
          "the call route ended without an outcome for job " + work.job.id());
    }
    return outcome instanceof Outcome.Delivered && !work.missing.isEmpty()
        ? new Outcome.Rejected(
            "the Metadata API does not know " + String.join(", ", work.missing), work.missing)
        : outcome;
  }

  /**
   * What the outcome means for the job and its lane.
   *
   * @param delay until the next attempt; null: none, or at once
   */
  private record Verdict(
      JobState state,
      String reason,
      Step.Again again,
      @Nullable List<String> pending,
      @Nullable Duration delay,
      Step.@Nullable End end) {}

  private Verdict verdict(Work work, Outcome outcome) {
    if (outcome instanceof Outcome.Delivered) {
      return ended(JobState.DELIVERED, outcome.reason(), null, null);
    }
    if (outcome instanceof Outcome.Superseded) {
      return ended(JobState.SUPERSEDED, outcome.reason(), null, null);
    }
    if (outcome instanceof Outcome.Filtered) {
      return ended(JobState.FILTERED, outcome.reason(), null, null);
    }
    if (outcome instanceof Outcome.Rejected rejected) {
      return dead(work, rejected.reason(), rejected.pending());
    }
    if (outcome instanceof Outcome.Retry retry) {
      return retry(work, retry);
    }
    if (outcome instanceof Outcome.Limited limited) {
      Step.Turn turn = limited.some() ? Step.Turn.SOME : Step.Turn.ALL;
      return again(work, outcome, limited.after(), Step.Again.LIMITED, null, turn);
    }
    if (outcome instanceof Outcome.Delayed delayed) {
      return again(work, outcome, delayed.after(), Step.Again.DELAYED, null, null);
    }
    if (outcome instanceof Outcome.Throttled throttled) {
      return again(work, outcome, throttled.after(), Step.Again.THROTTLED, null, null);
    }
    return again(work, outcome, null, Step.Again.NO, null, null); // a pause: all stands still
  }

  private Verdict retry(Work work, Outcome.Retry retry) {
    if (retry.exhausted()) {
      return dead(
          work,
          "gave up after %d failed attempts: %s".formatted(work.job.failures() + 1, retry.reason()),
          retry.pending());
    }
    return again(work, retry, retry.after(), Step.Again.FAILED, retry.pending(), null);
  }

  private static Verdict again(
      Work work,
      Outcome outcome,
      @Nullable Duration delay,
      Step.Again again,
      @Nullable List<String> pending,
      Step.@Nullable Turn turn) {
    Step.End end =
        new Step.End(delay, outcome.word() + ": " + outcome.reason(), work.job.id(), false, turn);
    return new Verdict(JobState.WAITING, outcome.reason(), again, pending, delay, end);
  }

  private static Verdict dead(Work work, String reason, @Nullable List<String> pending) {
    Step.End hold =
        work.account.holdOnDead()
            ? new Step.End(null, "its job is dead", work.job.id(), true)
            : null;
    return ended(JobState.DEAD, reason, pending, hold);
  }

  private static Verdict ended(
      JobState state, String reason, @Nullable List<String> pending, Step.@Nullable End end) {
    return new Verdict(state, reason, Step.Again.NO, pending, null, end);
  }

  private static Step.Result result(Work work, Outcome outcome, Verdict verdict) {
    return new Step.Result(
        work.job.id(),
        work.job.place(),
        verdict.state,
        verdict.reason,
        work.wasCalled() ? call(work, outcome, verdict) : null,
        verdict.again,
        verdict.pending);
  }

  private static Step.Call call(Work work, Outcome outcome, Verdict verdict) {
    return new Step.Call(
        work.job.attempts() + 1,
        work.calledAt,
        work.took,
        outcome.word(),
        work.status,
        work.excerpt == null ? outcome.reason() : work.excerpt,
        verdict.delay);
  }

  private static void log(Work work, Outcome outcome, Verdict verdict) {
    if (LOG.isInfoEnabled()) {
      LOG.info(
          "job={} key={} account={} connector={} attempt={} outcome={} state={} status={} reason=\"{}\" next={}",
          work.job.id(),
          work.run.partitionKey(),
          work.run.account(),
          work.getConnector(),
          work.job.attempts() + (work.wasCalled() ? 1 : 0),
          outcome.word(),
          verdict.state.word(),
          work.status,
          verdict.reason,
          verdict.delay);
    }
  }
}
