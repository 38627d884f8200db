package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.connector.Catalogue;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.intake.RequestReader.HeaderKey;
import io.egression.job.ObjectRef;
import io.egression.job.Submission;
import io.egression.ledger.Acceptance;
import io.egression.ledger.Acceptance.Receipt;
import io.egression.ledger.Acceptance.Request;
import io.egression.ledger.BatchClosedException;
import io.egression.ledger.BatchLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Turns a request body into accepted jobs: all of it, or none and every fault. Thread safe. */
public final class JobIntake {
  /** What the producer is told of one job. */
  public record Accepted(
      String id, String channel, String partitionKey, String state, String location) {}

  /** W3C Trace Context, version 00. */
  private static final Pattern TRACEPARENT =
      Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

  private static final int MOST_FAULTS = 100;

  /** The longest idempotency key, in characters. */
  static final int KEY = 200;

  private final Acceptance acceptance;
  private final BatchLedger batches;
  private final Supplier<Catalogue> catalogue;
  private final Consumer<Duration> due;
  private final Supplier<java.time.Instant> now;

  /**
   * @param due is told when accepted jobs fall due, from now
   */
  public JobIntake(
      Acceptance acceptance,
      BatchLedger batches,
      Supplier<Catalogue> catalogue,
      Consumer<Duration> due,
      java.time.Clock clock) {
    this.batches = batches;
    this.acceptance = acceptance;
    this.catalogue = catalogue;
    this.due = due;
    this.now = clock::instant;
  }

  /**
   * Accepts one job or an array of jobs.
   *
   * @param idempotencyKey for the request as a whole; null: each job's own
   * @throws ProblemException if nothing was accepted, or, on 503, unknown whether
   */
  public List<Accepted> accept(
      byte[] body, @Nullable String idempotencyKey, @Nullable String traceparent, Caller caller) {
    JsonNode json = JsonBody.read(body);
    HeaderKey key = headerKey(idempotencyKey, body);
    RequestReader reader =
        new RequestReader(catalogue.get(), caller, key, trace(traceparent), batches::find);
    List<Request> requests = reader.read(json);
    List<FieldFault> faults = new ArrayList<>(reader.faults());
    faults.addAll(notRepeated(reader.unaddressed()));
    if (!faults.isEmpty()) {
      throw invalid(faults);
    }
    List<Integer> order = order(requests, json.isArray());
    List<Request> ordered = order.stream().map(requests::get).toList();
    IntFunction<String> pointer = keyPointer(requests, key, json.isArray());
    List<List<Receipt>> stored = store(ordered, index -> pointer.apply(order.get(index)));
    tellDue(requests);
    List<List<Receipt>> receipts = new ArrayList<>(stored);
    for (int i = 0; i < order.size(); i++) {
      receipts.set(order.get(i), stored.get(i));
    }
    return receipts.stream().flatMap(List::stream).map(JobIntake::accepted).toList();
  }

  /**
   * Accepts lines of a stream, each as if it came alone, up to the first that is not right.
   *
   * @param idempotencyKey for the stream as a whole; null: each line's own
   * @return what is wrong with that one; empty: all were accepted
   * @throws ProblemException if nothing was accepted
   */
  List<FieldFault> acceptLines(
      List<JsonLines.Line> lines,
      @Nullable String idempotencyKey,
      @Nullable String traceparent,
      Caller caller) {
    HeaderKey key = headerKey(idempotencyKey, new byte[0]);
    RequestReader reader =
        new RequestReader(catalogue.get(), caller, key, trace(traceparent), batches::find);
    List<Request> requests = reader.readLines(lines);
    List<FieldFault> faults = new ArrayList<>(reader.faults());
    Map<Request, FieldFault> unaddressed = new LinkedHashMap<>(reader.unaddressed());
    unaddressed.keySet().removeAll(acceptance.repeated(List.copyOf(reader.unaddressed().keySet())));
    if (!unaddressed.isEmpty()) {
      Map.Entry<Request, FieldFault> first = unaddressed.entrySet().iterator().next();
      requests = requests.subList(0, requests.indexOf(first.getKey()));
      faults = List.of(first.getValue());
    }
    List<FieldFault> unknown = unknown(requests, 0, index -> "/" + lines.get(index).number());
    if (!unknown.isEmpty()) {
      String pointer = Objects.requireNonNull(unknown.get(0).pointer());
      long line = Long.parseLong(pointer.split("/")[1]);
      requests =
          requests.subList(0, (int) lines.stream().filter(each -> each.number() < line).count());
      faults = unknown.subList(0, 1);
    }
    if (!requests.isEmpty()) {
      store(requests, index -> "/" + lines.get(index).number() + "/idempotencyKey");
      tellDue(requests);
    }
    return faults;
  }

  /** Empty: it is the header's. */
  private static IntFunction<String> keyPointer(
      List<Request> requests, @Nullable HeaderKey headerKey, boolean array) {
    return index ->
        headerKey != null && requests.get(index).fingerprint() == headerKey.fingerprint()
            ? ""
            : (array ? "/" + index : "") + "/idempotencyKey";
  }

  /**
   * @param pointer to the idempotency key of the request of this index; empty: it is a header
   */
  private List<List<Receipt>> store(List<Request> requests, IntFunction<String> pointer) {
    try {
      return acceptance.accept(requests);
    } catch (BatchClosedException e) {
      throw new ProblemException(
          Problem.of(
              409,
              "batch-closed",
              "Nothing was accepted: " + e.getMessage(),
              "It is batch " + e.batch() + "."));
    } catch (Acceptance.ConflictException e) {
      String at = pointer.apply(e.index());
      throw conflict(
          at.isEmpty()
              ? new FieldFault("", "the header Idempotency-Key was used before with another body")
              : new FieldFault(at, Objects.requireNonNull(e.getMessage())));
    }
  }

  /** What a job comes after is accepted before it, or was. */
  private List<Integer> order(List<Request> requests, boolean array) {
    List<FieldFault> unknown =
        unknown(requests, requests.size(), index -> array ? "/" + index : "");
    if (!unknown.isEmpty()) {
      throw invalid(unknown);
    }
    try {
      return AfterOrder.of(requests.stream().map(Request::submission).toList());
    } catch (AfterOrder.CycleException e) {
      String pointer = (array ? "/" + e.index() : "") + "/after";
      throw invalid(List.of(new FieldFault(pointer, String.valueOf(e.getMessage()))));
    }
  }

  /**
   * Objects after which jobs come, and that are neither in their batch nor in the request.
   *
   * @param ahead how many of the requests one may refer to; else to those before it
   */
  private List<FieldFault> unknown(List<Request> requests, int ahead, IntFunction<String> pointer) {
    Map<ObjectRef, Integer> given = new HashMap<>();
    Map<UUID, Set<ObjectRef>> asked = new HashMap<>();
    for (int i = 0; i < requests.size(); i++) {
      Submission job = requests.get(i).submission();
      for (String id : job.objectIds()) {
        given.putIfAbsent(new ObjectRef(job.objectType(), id), i);
      }
      if (job.batch() != null) {
        asked.computeIfAbsent(job.batch(), b -> new HashSet<>()).addAll(job.after());
      }
    }
    asked.values().removeIf(Set::isEmpty);
    Map<UUID, Set<ObjectRef>> present = new HashMap<>();
    asked.forEach((batch, refs) -> present.put(batch, batches.present(batch, refs)));
    List<FieldFault> faults = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      Submission job = requests.get(i).submission();
      for (ObjectRef ref : job.after()) {
        boolean isGiven = given.getOrDefault(ref, Integer.MAX_VALUE) < Math.max(i, ahead);
        if (!isGiven && !present.get(job.batch()).contains(ref)) {
          faults.add(
              new FieldFault(
                  pointer.apply(i) + "/after", "the batch has no job of " + ref + " yet"));
        }
      }
    }
    return faults;
  }

  /** What was accepted once gets its first answer, though its account is not there any more. */
  private List<FieldFault> notRepeated(Map<Request, FieldFault> unaddressed) {
    Map<Request, FieldFault> rest = new LinkedHashMap<>(unaddressed);
    if (!rest.isEmpty()) {
      rest.keySet().removeAll(acceptance.repeated(List.copyOf(unaddressed.keySet())));
    }
    return List.copyOf(rest.values());
  }

  private static @Nullable HeaderKey headerKey(@Nullable String key, byte[] body) {
    if (key == null) {
      return null;
    }
    if (key.isEmpty() || key.length() > KEY) {
      throw new ProblemException(
          Problem.of(
              400,
              "invalid-header",
              "The header Idempotency-Key is not right",
              "It must have 1 to " + KEY + " characters."));
    }
    return new HeaderKey(key, RequestReader.sha256(body));
  }

  private static @Nullable String trace(@Nullable String traceparent) {
    return traceparent != null && TRACEPARENT.matcher(traceparent).matches() ? traceparent : null;
  }

  private static ProblemException conflict(FieldFault fault) {
    return new ProblemException(
        new Problem(
            "urn:egression:problem:idempotency-conflict",
            "This idempotency key was used before",
            409,
            "Nothing was accepted. The same key must come with the same content.",
            List.of(fault)));
  }

  /** Something may have become ready. */
  void nudge() {
    due.accept(Duration.ZERO);
  }

  /** The ledger can't be reached. */
  static ProblemException away(boolean unknown) {
    String detail =
        unknown
            ? "The connection broke during the commit: it is unknown whether the jobs were"
                + " accepted. Repeating with the same idempotency key is safe."
            : "Nothing was accepted. Please try again.";
    return new ProblemException(
        Problem.of(503, "ledger-away", "The ledger is not reachable at present", detail), 5);
  }

  private void tellDue(List<Request> requests) {
    due.accept(Duration.ZERO);
    java.time.Instant from = now.get();
    requests.stream()
        .map(request -> request.submission().notBefore())
        .filter(at -> at != null && at.isAfter(from))
        .min(java.time.Instant::compareTo)
        .ifPresent(at -> due.accept(Duration.between(from, at)));
  }

  private static Accepted accepted(Receipt receipt) {
    return new Accepted(
        receipt.id().toString(),
        receipt.channel(),
        receipt.partitionKey(),
        receipt.state(),
        "/v1/jobs/" + receipt.id());
  }

  private static ProblemException invalid(List<FieldFault> faults) {
    int more = faults.size() - MOST_FAULTS;
    return new ProblemException(
        new Problem(
            "urn:egression:problem:invalid-job",
            "The jobs are not right",
            422,
            "Nothing was accepted." + (more > 0 ? " " + more + " more faults are not shown." : ""),
            faults.subList(0, Math.min(faults.size(), MOST_FAULTS))));
  }
}
