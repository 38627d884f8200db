package io.egression.delivery;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.egression.connector.FaultKind;
import io.egression.ledger.Run;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * For Kamelets whose destination takes one object at a time: one call for each object of the job,
 * and one answer of them all; the bean {@code objects}. Thread safe.
 */
public final class ObjectCalls {
  /** In the answer, if some of the objects were taken and others not: {@code retry} or not. */
  static final String PARTIAL = "Egression-Partial";

  /** In the answer to a delete of what is not there: it counts as done. */
  static final String GONE = "Egression-Gone";

  private static final String PROPERTY = "objectCalls";
  private static final String KEY = "Idempotency-Key";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** No later call would fare better now. */
  private static final Set<Integer> STOPPING = Set.of(401, 403, 408, 425, 429);

  /** How far the job in hand is. */
  private static final class Calls {
    final Delivery delivery;
    final Map<String, Object> headers;
    final ArrayNode failed = JSON.createArrayNode();
    int next;
    int taken;
    boolean stopped;
    @Nullable Throwable fault;

    Calls(Delivery delivery, Map<String, Object> headers) {
      this.delivery = delivery;
      this.headers = headers;
    }

    Delivery.ObjectBody object() {
      return delivery.objects().get(next - 1);
    }

    boolean isMore() {
      return next < delivery.objects().size();
    }
  }

  /** First step of the Kamelet: a job's calls begin, also when its route is repeated. */
  public void begin(Exchange exchange) {
    Message message = exchange.getMessage();
    exchange.setProperty(
        PROPERTY, new Calls(message.getBody(Delivery.class), new HashMap<>(message.getHeaders())));
  }

  /** Another object is to be sent, and there is time for it. */
  public boolean hasNext(Exchange exchange) {
    Calls calls = calls(exchange);
    return calls.isMore() && !calls.stopped && (calls.taken == 0 || !isLate(exchange));
  }

  /** So that what was taken is known before the whole job's deadline comes. */
  private static boolean isLate(Exchange exchange) {
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Duration most = work.account.connector().policy().timeouts().total().dividedBy(2);
    return System.nanoTime() - work.calledNanos > most.toNanos();
  }

  /** Replaces the message by the next object's: its body is a JSON tree. */
  public void next(Exchange exchange) {
    Calls calls = calls(exchange);
    calls.next++;
    Message message = exchange.getMessage();
    Messages.removeHeaders(message);
    calls.headers.forEach(message::setHeader);
    Work work = exchange.getProperty(Work.PROPERTY, Work.class);
    Run.Item job = work.owner(calls.object());
    message.setHeader("Egression-Job", job.id().toString());
    // The same for this object on every attempt, whichever others go with it.
    String part =
        job.objectIds().size() == 1 ? "" : "/" + MetadataRequests.encoded(calls.object().id());
    message.setHeader(KEY, job.id() + part);
    message.setBody(ObjectDocuments.of(calls.delivery, calls.object()));
  }

  /** The object's answer is there. */
  public void answered(Exchange exchange) {
    Calls calls = calls(exchange);
    if (isTaken(exchange.getMessage())) {
      calls.taken++;
      return;
    }
    int status = status(exchange.getMessage());
    calls.failed.addObject().put("id", calls.object().id()).put("status", status);
    calls.stopped = status >= 500 || STOPPING.contains(status);
  }

  /** The object's call has thrown: as for the others, nothing is known but of those before it. */
  public void failed(Exchange exchange) {
    Calls calls = calls(exchange);
    Throwable fault = exchange.getProperty(Exchange.EXCEPTION_CAUGHT, Throwable.class);
    calls
        .failed
        .addObject()
        .put("id", calls.object().id())
        .put("fault", FaultKind.of(fault).word());
    calls.stopped = true;
    calls.fault = fault;
  }

  /**
   * Last step of the Kamelet: one answer. If all were taken, or none, it is the last call's, as it
   * came; else 207 with the ids that were not.
   */
  public void end(Exchange exchange) {
    Calls calls = calls(exchange);
    if (calls.taken == 0 && calls.fault != null) {
      exchange.setException(calls.fault);
    } else if (calls.taken > 0 && (calls.isMore() || !calls.failed.isEmpty())) {
      partial(calls, exchange.getMessage());
    }
  }

  private static void partial(Calls calls, Message message) {
    boolean again = calls.stopped || calls.isMore();
    while (calls.isMore()) {
      calls.next++;
      calls.failed.addObject().put("id", calls.object().id());
    }
    Object retryAfter = calls.fault == null ? message.getHeader("Retry-After") : null;
    Messages.removeHeaders(message);
    message.setHeader(Exchange.HTTP_RESPONSE_CODE, 207);
    message.setHeader(PARTIAL, again ? "retry" : "rejected");
    if (retryAfter != null) {
      message.setHeader("Retry-After", retryAfter);
    }
    message.setBody(JSON.createObjectNode().set("failed", calls.failed).toString());
  }

  /** Whether the destination has the object now; without a status, as what is not HTTP. */
  static boolean isTaken(Message answer) {
    int status = status(answer);
    return (status >= 200 && status < 300) || answer.getHeader(GONE) != null;
  }

  static int status(Message answer) {
    Integer status = answer.getHeader(Exchange.HTTP_RESPONSE_CODE, Integer.class);
    return status == null ? 200 : status;
  }

  /** Our id of the object in hand. */
  static String objectId(Exchange exchange) {
    return calls(exchange).object().id();
  }

  private static Calls calls(Exchange exchange) {
    return exchange.getProperty(PROPERTY, Calls.class);
  }
}
