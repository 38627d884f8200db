package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.connector.Account;
import io.egression.connector.Belts;
import io.egression.connector.Catalogue;
import io.egression.connector.Suggestion;
import io.egression.intake.Problem.FieldFault;
import io.egression.job.AccountKey;
import io.egression.job.Job;
import io.egression.job.ObjectRef;
import io.egression.job.Submission;
import io.egression.ledger.Acceptance.Request;
import io.egression.ledger.BatchLedger.Batch;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Makes of one JSON document the requests to accept, and gathers what is not right. */
final class RequestReader {
  private static final int MOST_SUBMISSIONS = 10_000;
  private static final int MOST_JOBS = 100_000;

  /** The idempotency key of the request as a whole, with the fingerprint of its body. */
  record HeaderKey(String key, byte[] fingerprint) {}

  private final Catalogue catalogue;
  private final Caller caller;
  private final @Nullable HeaderKey headerKey;
  private final @Nullable String traceparent;
  private final Function<UUID, Optional<Batch>> batches;
  private final Map<UUID, Optional<Batch>> known = new HashMap<>();
  private final List<FieldFault> faults = new ArrayList<>();
  private final Map<Request, FieldFault> unaddressed = new LinkedHashMap<>();
  private int made;

  RequestReader(
      Catalogue catalogue,
      Caller caller,
      @Nullable HeaderKey headerKey,
      @Nullable String traceparent,
      Function<UUID, Optional<Batch>> batches) {
    this.batches = batches;
    this.catalogue = catalogue;
    this.caller = caller;
    this.headerKey = headerKey;
    this.traceparent = traceparent;
  }

  /** What is not right, whatever was accepted before. */
  List<FieldFault> faults() {
    return faults;
  }

  /**
   * Requests without jobs, because their subscription or channel is not there: faults, unless they
   * repeat what was accepted when it was.
   */
  Map<Request, FieldFault> unaddressed() {
    return unaddressed;
  }

  List<Request> read(JsonNode json) {
    if (json.isArray() && (json.isEmpty() || json.size() > MOST_SUBMISSIONS)) {
      faults.add(new FieldFault("", "must have 1 to " + MOST_SUBMISSIONS + " jobs"));
      return List.of();
    }
    List<Request> requests = new ArrayList<>();
    if (!json.isArray()) {
      request(json, "", headerKey).ifPresent(requests::add);
      return requests;
    }
    for (int i = 0; i < json.size() && made <= MOST_JOBS; i++) {
      HeaderKey key =
          headerKey == null ? null : new HeaderKey(headerKey.key + "/" + i, headerKey.fingerprint);
      request(json.get(i), "/" + i, key).ifPresent(requests::add);
    }
    if (made > MOST_JOBS) {
      faults.add(new FieldFault("", "makes more than " + MOST_JOBS + " jobs: send it in parts"));
    }
    return requests;
  }

  /**
   * Of a stream's lines, up to the first that is not right; each has an idempotency key of its own.
   */
  List<Request> readLines(List<JsonLines.Line> lines) {
    List<Request> requests = new ArrayList<>();
    for (JsonLines.Line line : lines) {
      HeaderKey key =
          headerKey == null
              ? null
              : new HeaderKey(headerKey.key + "/" + line.number(), sha256(line.json().toString()));
      Optional<Request> request = request(line.json(), "/" + line.number(), key);
      if (!faults.isEmpty()) {
        return requests;
      }
      requests.add(request.orElseThrow());
    }
    return requests;
  }

  private Optional<Request> request(JsonNode json, String pointer, @Nullable HeaderKey key) {
    return new SubmissionReader(json, pointer, faults)
        .read()
        .map(
            submission ->
                key == null || submission.idempotencyKey() != null
                    ? request(submission, pointer, sha256(json.toString()))
                    : request(withKey(submission, key.key), pointer, key.fingerprint));
  }

  private List<Job> fannedOut(
      Submission submission, List<Account> accounts, List<FieldFault> faults, String pointer) {
    try {
      return FanOut.jobs(submission, accounts, traceparent, belt(submission, faults, pointer));
    } catch (FanOut.NoKeyException e) {
      faults.add(new FieldFault(pointer + "/objectIds", String.valueOf(e.getMessage())));
      return List.of();
    }
  }

  private Job.@Nullable BeltPlace belt(
      Submission submission, List<FieldFault> faults, String pointer) {
    UUID id = submission.batch();
    if (id == null) {
      return null;
    }
    Optional<Batch> batch =
        known
            .computeIfAbsent(id, batches)
            .filter(found -> found.subscription().equals(submission.subscription()))
            .filter(found -> caller.maySee(found.subscription()));
    if (batch.isEmpty()) {
      String detail = "subscription '%s' has no such batch".formatted(submission.subscription());
      faults.add(new FieldFault(pointer + "/batch", detail));
      return null;
    }
    Optional<Integer> belt = Belts.beltOf(batch.get().belts(), submission.objectType());
    if (belt.isEmpty()) {
      List<String> types = batch.get().belts().stream().flatMap(List::stream).toList();
      faults.add(
          new FieldFault(
              pointer + "/objectType",
              "no belt of the batch has it; "
                  + Suggestion.forWord(submission.objectType(), types)));
      return null;
    }
    for (ObjectRef ref : submission.after()) {
      Optional<Integer> before = Belts.beltOf(batch.get().belts(), ref.type());
      if (before.isEmpty() || before.get() > belt.get()) {
        faults.add(
            new FieldFault(pointer + "/after", ref + " is not of this belt or an earlier one"));
      }
    }
    return new Job.BeltPlace(id, belt.get());
  }

  private Request request(Submission submission, String pointer, byte[] fingerprint) {
    List<FieldFault> missing = new ArrayList<>();
    List<Account> accounts = accounts(submission, pointer, missing);
    List<Job> jobs = fannedOut(submission, accounts, missing, pointer);
    made += jobs.size();
    Request request = new Request(submission, fingerprint, jobs);
    boolean mayRepeat =
        submission.idempotencyKey() != null && caller.maySee(submission.subscription());
    missing.forEach(
        fault -> {
          if (mayRepeat) {
            unaddressed.put(request, fault);
          } else {
            faults.add(fault);
          }
        });
    return request;
  }

  private static Submission withKey(Submission s, String key) {
    return new Submission(
        s.subscription(),
        s.source(),
        s.channel(),
        s.action(),
        s.objectType(),
        s.objectIds(),
        s.notBefore(),
        s.partitionKey(),
        key,
        s.priority(),
        s.batch(),
        s.after(),
        s.correlationId());
  }

  /** The accounts that a submission is for; empty, with a fault, if there is none. */
  private List<Account> accounts(Submission submission, String pointer, List<FieldFault> missing) {
    String subscription = submission.subscription();
    List<Account> all =
        caller.maySee(subscription) ? catalogue.accounts(subscription) : List.<Account>of();
    if (all.isEmpty()) {
      missing.add(new FieldFault(pointer + "/subscription", noSubscription(subscription)));
      return List.of();
    }
    String channel = submission.channel();
    if (channel == null) {
      return all;
    }
    Optional<Account> one = catalogue.account(new AccountKey(subscription, channel));
    if (one.isEmpty()) {
      List<String> known = all.stream().map(account -> account.key().channel()).toList();
      missing.add(
          new FieldFault(
              pointer + "/channel",
              "subscription '%s' has no channel '%s'; %s"
                  .formatted(subscription, channel, Suggestion.forWord(channel, known))));
    }
    return one.map(List::of).orElse(List.of());
  }

  private String noSubscription(String subscription) {
    Set<String> known =
        catalogue.accounts().keySet().stream()
            .map(AccountKey::subscription)
            .filter(caller::maySee)
            .collect(Collectors.toSet());
    return "there is no subscription '%s', or this key is not for it%s"
        .formatted(
            subscription, Suggestion.closest(subscription, known).map(s -> "; " + s).orElse(""));
  }

  private static byte[] sha256(String content) {
    return sha256(content.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] sha256(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
