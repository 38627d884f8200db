package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.job.Outcome;
import io.egression.ledger.Node;
import io.egression.ledger.Run;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * Makes the message that a connector is given; the bean {@code messages} of the call route. Thread
 * safe.
 */
public final class Messages {
  static final String TRACEPARENT = "traceparent";

  /** Camel counts its redeliveries in headers: without them it would repeat for ever. */
  private static final String REDELIVERY = "CamelRedeliver";

  private static final Duration SOON = Duration.ofSeconds(1);

  private final Node node;

  private final CallDeadlines deadlines;
  private final ObjectMapper json;

  public Messages(Node node, CallDeadlines deadlines, ObjectMapper json) {
    this.json = json;
    this.node = node;
    this.deadlines = deadlines;
  }

  /** Replaces the message by the delivery of the job in hand. */
  public void forConnector(Exchange exchange) throws JsonProcessingException {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Run.Item job = work.job;
    int attempt = job.attempts() + 1;
    Message message = exchange.getMessage();
    removeHeaders(message);
    Delivery delivery =
        new Delivery(
            job.id(),
            attempt,
            work.run.account().subscription(),
            job.source(),
            work.run.account().channel(),
            work.action().word(),
            job.objectType(),
            objects(work));
    boolean known = work.account.connector().kamelet().knowsDeliveries();
    message.setBody(known ? delivery : json.writeValueAsString(delivery));
    message.setHeader("Idempotency-Key", idempotencyKey(work));
    message.setHeader("Egression-Job", job.id().toString());
    message.setHeader("Egression-Attempt", attempt);
    message.setHeader("Egression-Subscription", work.run.account().subscription());
    message.setHeader("Egression-Channel", work.run.account().channel());
    message.setHeader("Egression-Partition", MetadataRequests.encoded(work.run.partitionKey()));
    message.setHeader("Egression-Place", job.place());
    work.together().forEach(each -> each.traceparent = traceparent(each.job));
    message.setHeader(TRACEPARENT, work.traceparent);
  }

  private static List<Delivery.ObjectBody> objects(Work work) {
    return work.fellows.isEmpty()
        ? work.objects
        : work.together().stream()
            .flatMap(each -> each.objects.stream().map(object -> object.of(each.job.id())))
            .toList();
  }

  /** All but those in which Camel counts. */
  static void removeHeaders(Message message) {
    message.getHeaders().keySet().removeIf(name -> !name.startsWith(REDELIVERY));
  }

  /** The call starts now. */
  public void calling(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Duration total = work.account.connector().policy().timeouts().total();
    if (!node.outlives(total)) {
      throw new UndeliverableException(
          new Outcome.Delayed(SOON, "this node's lease would not outlive the call"));
    }
    work.calledAt = node.clock().instant();
    work.calledNanos = System.nanoTime();
    work.deadline = deadlines.start(total, work.token);
  }

  /** The same whenever the same jobs go in one call. */
  private static String idempotencyKey(Work work) {
    if (work.fellows.isEmpty()) {
      return idempotencyKey(work.job);
    }
    String keys =
        work.together().stream()
            .map(each -> idempotencyKey(each.job))
            .collect(Collectors.joining());
    return UUID.nameUUIDFromBytes(keys.getBytes(StandardCharsets.UTF_8)).toString();
  }

  /** The same on every attempt; another one once a part of the job has been delivered. */
  private static String idempotencyKey(Run.Item job) {
    int part = job.objectIds().size() - job.pending().size();
    return part == 0 ? job.id().toString() : job.id() + "/" + part;
  }

  /**
   * W3C Trace Context: the producer's trace, or one named after the job, so that every attempt is
   * in one trace.
   */
  static String traceparent(Run.Item job) {
    String trace = trace(job);
    long span = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    return "00-" + trace + "-" + HexFormat.of().toHexDigits(span) + "-01";
  }

  /** The trace's id. */
  static String trace(Run.Item job) {
    return trace(job.id(), job.traceparent());
  }

  static String trace(UUID job, @Nullable String traceparent) {
    return traceparent == null ? hex(job) : traceparent.substring(3, 35);
  }

  static String hex(UUID id) {
    return id.toString().replace("-", "");
  }
}
