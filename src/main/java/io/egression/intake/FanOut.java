package io.egression.intake;

import io.egression.connector.Account;
import io.egression.job.Job;
import io.egression.job.Submission;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes of a submission one job per account, or, where an account partitions by object, per id. */
final class FanOut {
  /** The partition key of an account that keeps all of its jobs in order. */
  private static final String WHOLE_ACCOUNT = "*";

  private FanOut() {}

  static List<Job> jobs(
      Submission submission, List<Account> accounts, @Nullable String traceparent) {
    List<Job> jobs = new ArrayList<>();
    for (Account account : accounts) {
      boolean split =
          submission.partitionKey() == null && account.partitionBy() == Account.PartitionBy.OBJECT;
      if (split) {
        submission
            .objectIds()
            .forEach(id -> jobs.add(job(submission, account, List.of(id), traceparent)));
      } else {
        jobs.add(job(submission, account, submission.objectIds(), traceparent));
      }
    }
    return jobs;
  }

  private static Job job(
      Submission submission, Account account, List<String> ids, @Nullable String traceparent) {
    return new Job(
        Job.newId(),
        account.key(),
        submission.source(),
        partitionKey(submission, account, ids),
        submission.partitionKey() != null,
        submission.action(),
        submission.objectType(),
        ids,
        submission.notBefore(),
        submission.priority(),
        traceparent);
  }

  private static String partitionKey(Submission submission, Account account, List<String> ids) {
    if (submission.partitionKey() != null) {
      return submission.partitionKey();
    }
    return switch (account.partitionBy()) {
      case ACCOUNT -> WHOLE_ACCOUNT;
      case OBJECT_TYPE -> submission.objectType();
      case OBJECT -> submission.objectType() + "/" + ids.get(0);
    };
  }
}
