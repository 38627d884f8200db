package io.egression.delivery;

import io.egression.job.Outcome;
import io.egression.ledger.JobQueries;
import io.egression.ledger.Node;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * Asks the Metadata API for the objects of the job in hand and takes its answers; the bean {@code
 * enrichment} of the enrich route. Thread safe.
 */
public final class Enrichment {
  private static final Duration SOON = Duration.ofSeconds(1);

  /** No consumer is kept longer by the API's limit. */
  private static final Duration PATIENCE = Duration.ofMillis(100);

  /** The exchange's property: the route that is to ask; null: there is nothing to ask. */
  private static final String ROUTE = "metadata";

  /** There is no such request, or not for so many. */
  private static final Set<Integer> NOT_SEVERAL = Set.of(404, 405, 410, 413, 501);

  private final MetadataRequests requests;
  private final MetadataOutage outage;
  private final MetadataClient.Bounds bounds;
  private final MetadataPace pace;
  private final ObjectCache cache;
  private final ObjectGathering gathering;
  private final Node node;
  private final Traces traces;

  /** The Metadata API. */
  public record Api(
      MetadataRequests requests,
      MetadataClient.Bounds bounds,
      MetadataOutage outage,
      MetadataPace pace) {}

  public Enrichment(Api api, ObjectCache cache, JobQueries jobs, Node node, Traces traces) {
    this.traces = traces;
    this.requests = api.requests;
    this.bounds = api.bounds;
    this.outage = api.outage;
    this.pace = api.pace;
    this.cache = cache;
    this.gathering = new ObjectGathering(outage, bounds.most(), jobs);
    this.node = node;
  }

  /**
   * Whether an object is still to be fetched; the predicate {@code fetching} of the enrich route.
   */
  public static boolean isNeeded(Exchange exchange) {
    return exchange.getProperty(Work.PROPERTY, Work.class).isFetching();
  }

  /**
   * Takes the next object from those that are at hand; else it makes the message the request for
   * it, and the property {@code metadata} the route that asks.
   */
  public void next(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    RunInHand run = exchange.getProperty(RunInHand.PROPERTY, RunInHand.class);
    exchange.removeProperty(ROUTE);
    ObjectCache.Kept kept = cache.find(key(work));
    if (takeAhead(work, run)) {
      return;
    }
    if (kept != null && kept.isFresh()) {
      gathering.found(work, kept.body());
    } else {
      ask(exchange, work, run, kept);
    }
  }

  private boolean takeAhead(Work work, RunInHand run) {
    Optional<Ahead.Fetched> fetched = run.ahead.find(work.job.objectType(), work.nextId());
    fetched.ifPresent(object -> gathering.take(work, object));
    return fetched.isPresent();
  }

  private void ask(Exchange exchange, Work work, RunInHand run, ObjectCache.@Nullable Kept kept) {
    String route = MetadataRequests.route(exchange.getContext(), work.job.objectType());
    outage.letItBe(route);
    if (route.equals(MetadataRequests.ROUTE)) {
      keepPace(work.run.lane());
    }
    if (!node.outlives(bounds.total())) {
      throw new UndeliverableException(
          new Outcome.Delayed(
              SOON, "this node's lease would not outlive the Metadata API's answer"));
    }
    List<String> ids = requests.ids(work, run, route);
    work.question =
        new Work.Question(
            route,
            ids,
            kept,
            System.nanoTime(),
            node.clock().instant(),
            Messages.traceparent(work.job));
    if (work.question.isForSeveral()) {
      requests.writeQuery(exchange.getMessage(), work, ids);
    } else {
      requests.write(exchange.getMessage(), work, work.nextId(), kept);
    }
    exchange.setProperty(ROUTE, route);
  }

  private void keepPace(long lane) {
    for (Duration wait = pace.ask(lane, System.nanoTime());
        !wait.isZero();
        wait = pace.ask(lane, System.nanoTime())) {
      if (wait.compareTo(PATIENCE) > 0 || Thread.currentThread().isInterrupted()) {
        throw new UndeliverableException(
            new Outcome.Delayed(wait, "the limit of the Metadata API, " + pace));
      }
      LockSupport.parkNanos(wait.toNanos());
    }
  }

  private static ObjectCache.Key key(Work work) {
    return new ObjectCache.Key(
        work.job.objectType(), work.nextId(), work.run.account(), work.include());
  }

  /** Takes the answer for what was asked for. */
  public void accept(Exchange exchange) throws AnswerTooBigException {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Message answer = exchange.getMessage();
    Integer given = answer.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    int status = given == null ? 200 : given; // none: a route that asks something else
    traces.fetched(work, status, null);
    if (work.question.isForSeveral()) {
      acceptSeveral(
          work, exchange.getProperty(RunInHand.PROPERTY, RunInHand.class), answer, status);
    } else {
      acceptOne(work, answer, status);
    }
  }

  private void acceptOne(Work work, Message answer, int status) throws AnswerTooBigException {
    ObjectCache.Key key = key(work);
    ObjectCache.Kept kept = work.question.kept();
    long asked = work.question.askedNanos();
    if (status == 404 || status == 410) {
      cache.forget(key);
      gathering.missing(work);
    } else if (status == 304 && kept != null) {
      cache.keep(key, kept.renewed(answer, asked));
      gathering.found(work, kept.body());
    } else if (status == 200) {
      byte[] body = gathering.body(answer);
      gathering.found(work, body);
      cache.keep(key, ObjectCache.Kept.of(body, answer, asked));
    } else {
      throw new UndeliverableException(outage.refused(work, work.question.route(), answer));
    }
  }

  /** An API that cannot do it, or not so many, is asked for one object after another. */
  private void acceptSeveral(Work work, RunInHand run, Message answer, int status)
      throws AnswerTooBigException {
    if (NOT_SEVERAL.contains(status)) {
      work.oneByOne = true;
    } else if (status == 200) {
      try {
        run.ahead.fill(work, MetadataBody.objects(gathering.body(answer)));
      } catch (MetadataBody.NotJsonException e) {
        throw new UndeliverableException(
            outage.away(work, "its answer for several objects " + e.getMessage()));
      } catch (MetadataBody.UnfitException e) {
        work.oneByOne = true;
      }
      work.oneByOne |= run.ahead.find(work.job.objectType(), work.nextId()).isEmpty();
    } else {
      throw new UndeliverableException(outage.refused(work, work.question.route(), answer));
    }
  }

  /** The answer is too big to be taken in: that is held against an object only if it is alone. */
  public void tooBig(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    if (work.question.isForSeveral()) {
      work.oneByOne = true;
      return;
    }
    throw gathering.tooBig(work);
  }

  /** The Metadata API can't be asked now: the job waits, and it does not count against it. */
  Outcome away(Work work, String what) {
    traces.fetched(work, null, what);
    return outage.away(work, what);
  }
}
