package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.Suggestion;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.job.AccountKey;
import io.egression.job.Submission;
import io.egression.ledger.Acceptance;
import io.egression.ledger.Acceptance.Receipt;
import io.egression.ledger.Acceptance.Request;
import io.egression.ledger.LedgerAwayException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
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

  private static final int MOST_JOBS = 10_000;
  private static final int MOST_FAULTS = 100;
  private static final int KEY = 200;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Acceptance acceptance;
  private final Supplier<Catalogue> catalogue;
  private final Consumer<Duration> due;
  private final Supplier<java.time.Instant> now;

  /**
   * @param due is told when accepted jobs fall due, from now
   */
  public JobIntake(
      Acceptance acceptance,
      Supplier<Catalogue> catalogue,
      Consumer<Duration> due,
      java.time.Clock clock) {
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
    JsonNode json = parse(body);
    List<FieldFault> faults = new ArrayList<>();
    List<Request> requests =
        requests(json, headerKey(idempotencyKey, body), trace(traceparent), caller, faults);
    if (!faults.isEmpty()) {
      throw invalid(faults);
    }
    List<List<Receipt>> receipts = store(requests, json.isArray());
    tellDue(requests);
    return receipts.stream().flatMap(List::stream).map(JobIntake::accepted).toList();
  }

  /** The request's own key, with the fingerprint of the whole body. */
  private record HeaderKey(String key, byte[] fingerprint) {}

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
    return new HeaderKey(key, sha256(body));
  }

  private static @Nullable String trace(@Nullable String traceparent) {
    return traceparent != null && TRACEPARENT.matcher(traceparent).matches() ? traceparent : null;
  }

  private static JsonNode parse(byte[] body) {
    try {
      JsonNode json = JSON.readTree(body);
      if (json != null && !json.isMissingNode()) {
        return json;
      }
    } catch (JsonProcessingException e) {
      throw malformed(
          "%s (line %d, column %d)"
              .formatted(
                  e.getOriginalMessage().lines().findFirst().orElse(""),
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr()));
    } catch (IOException e) {
      throw malformed("The body is not UTF-8.");
    }
    throw malformed("The body is empty.");
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(
        Problem.of(400, "malformed-json", "The body is not valid JSON", detail));
  }

  private List<Request> requests(
      JsonNode json,
      @Nullable HeaderKey headerKey,
      @Nullable String traceparent,
      Caller caller,
      List<FieldFault> faults) {
    if (json.isArray() && (json.isEmpty() || json.size() > MOST_JOBS)) {
      faults.add(new FieldFault("", "must have 1 to " + MOST_JOBS + " jobs"));
      return List.of();
    }
    List<Request> requests = new ArrayList<>();
    int count = json.isArray() ? json.size() : 1;
    for (int i = 0; i < count; i++) {
      JsonNode each = json.isArray() ? json.get(i) : json;
      String pointer = json.isArray() ? "/" + i : "";
      HeaderKey key =
          headerKey == null || !json.isArray()
              ? headerKey
              : new HeaderKey(headerKey.key + "/" + i, headerKey.fingerprint);
      request(each, pointer, key, traceparent, caller, faults).ifPresent(requests::add);
    }
    return requests;
  }

  private Optional<Request> request(
      JsonNode json,
      String pointer,
      @Nullable HeaderKey headerKey,
      @Nullable String traceparent,
      Caller caller,
      List<FieldFault> faults) {
    Optional<Submission> read = new SubmissionReader(json, pointer, faults).read();
    if (read.isEmpty()) {
      return Optional.empty();
    }
    Submission submission = read.get();
    List<Account> accounts = accounts(submission, pointer, caller, faults);
    if (accounts.isEmpty()) {
      return Optional.empty();
    }
    byte[] fingerprint = sha256(json.toString().getBytes(StandardCharsets.UTF_8));
    if (headerKey != null && submission.idempotencyKey() == null) {
      submission = withKey(submission, headerKey.key);
      fingerprint = headerKey.fingerprint;
    }
    return Optional.of(
        new Request(submission, fingerprint, FanOut.jobs(submission, accounts, traceparent)));
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
        s.priority());
  }

  /** The accounts that a submission is for; empty, with a fault, if there is none. */
  private List<Account> accounts(
      Submission submission, String pointer, Caller caller, List<FieldFault> faults) {
    Catalogue current = catalogue.get();
    String subscription = submission.subscription();
    List<Account> all =
        caller.maySee(subscription) ? current.accounts(subscription) : List.<Account>of();
    if (all.isEmpty()) {
      faults.add(
          new FieldFault(
              pointer + "/subscription",
              "there is no subscription '" + subscription + "', or this key is not for it"));
      return List.of();
    }
    if (submission.channel() == null) {
      return all;
    }
    Optional<Account> one = current.account(new AccountKey(subscription, submission.channel()));
    if (one.isEmpty()) {
      List<String> known = all.stream().map(account -> account.key().channel()).toList();
      faults.add(
          new FieldFault(
              pointer + "/channel",
              "subscription '%s' has no channel '%s'; %s"
                  .formatted(
                      subscription,
                      submission.channel(),
                      Suggestion.forWord(submission.channel(), known))));
    }
    return one.map(List::of).orElse(List.of());
  }

  private List<List<Receipt>> store(List<Request> requests, boolean array) {
    try {
      return acceptance.accept(requests);
    } catch (Acceptance.ConflictException e) {
      String pointer = (array ? "/" + e.index() : "") + "/idempotencyKey";
      throw new ProblemException(
          new Problem(
              "urn:egression:problem:idempotency-conflict",
              "This idempotency key was used before",
              409,
              "Nothing was accepted. The same key must come with the same content.",
              List.of(new FieldFault(pointer, Objects.requireNonNull(e.getMessage())))));
    } catch (LedgerAwayException e) {
      throw away(e.unknown());
    }
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

  private static byte[] sha256(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
