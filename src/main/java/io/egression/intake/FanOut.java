package io.egression.intake;

import io.egression.connector.Account;
import io.egression.job.Job;
import io.egression.job.ObjectRef;
import io.egression.job.Submission;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes of a submission one job for each account and, there, for each partition key of its ids. */
final class FanOut {
  /** An account's partitioning has no key for an object. */
  static final class NoKeyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoKeyException(Account account, String object) {
      super(
          "partitionBy of account %s yields no key for '%s'; it must be 1 to %d characters"
              .formatted(account.key(), object, io.egression.connector.PartitionBy.MOST));
    }
  }

  private FanOut() {}

  /**
   * @throws NoKeyException if an account's partitioning has no key for one of the objects
   */
  static List<Job> jobs(
      Submission submission,
      List<Account> accounts,
      @Nullable String traceparent,
      Job.@Nullable BeltPlace belt) {
    List<Job> jobs = new ArrayList<>();
    for (Account account : accounts) {
      byKey(submission, account)
          .forEach((key, ids) -> jobs.add(job(submission, account, key, ids, traceparent, belt)));
    }
    return jobs;
  }

  private static Map<String, List<String>> byKey(Submission submission, Account account) {
    if (submission.partitionKey() != null) {
      return Map.of(submission.partitionKey(), submission.objectIds());
    }
    Map<String, List<String>> byKey = new LinkedHashMap<>();
    for (String id : submission.objectIds()) {
      String key =
          account
              .partitionBy()
              .key(submission.objectType(), id)
              .orElseThrow(() -> new NoKeyException(account, id));
      byKey.computeIfAbsent(key, k -> new ArrayList<>()).add(id);
    }
    return byKey;
  }

  /** What the producer names, and what the account wants for each object of the type. */
  private static List<ObjectRef> after(Submission submission, Account account, List<String> ids) {
    List<String> types = account.dependsOn().getOrDefault(submission.objectType(), List.of());
    return Stream.concat(
            submission.after().stream(),
            ids.stream().flatMap(id -> types.stream().map(type -> new ObjectRef(type, id))))
        .toList();
  }

  private static Job job(
      Submission submission,
      Account account,
      String key,
      List<String> ids,
      @Nullable String traceparent,
      Job.@Nullable BeltPlace belt) {
    return new Job(
        Job.newId(),
        account.key(),
        submission.source(),
        key,
        submission.partitionKey() != null,
        submission.action(),
        submission.objectType(),
        ids,
        submission.notBefore(),
        submission.priority(),
        traceparent,
        belt,
        account.supersede() && belt == null,
        after(submission, account, ids),
        submission.correlationId());
  }
}
