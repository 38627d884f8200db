package io.egression.ledger;

import io.egression.job.AccountKey;
import io.egression.job.Job;
import io.egression.job.Submission;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** An account of the model, with what the hub's configuration says of it. */
enum ModelAccount {
  WHOLE("s", "whole", "one", 1, 3, false),
  BY_TYPE("s", "by-type", "one", 2, 2, true),
  BY_OBJECT("s", "by-object", "two", 2, 4, false),
  NARROW("t", "narrow", "two", 1, 1, true);

  final AccountKey key;
  final String connector;
  final int window;
  final int runSize;
  final boolean holdOnDead;

  ModelAccount(
      String subscription,
      String channel,
      String connector,
      int window,
      int runSize,
      boolean holdOnDead) {
    this.key = new AccountKey(subscription, channel);
    this.connector = connector;
    this.window = window;
    this.runSize = runSize;
    this.holdOnDead = holdOnDead;
  }

  static ModelAccount of(AccountKey key) {
    return Stream.of(values()).filter(each -> each.key.equals(key)).findFirst().orElseThrow();
  }

  Accounts.Configured configured() {
    return new Accounts.Configured(
        key, new Accounts.Through(connector, null), window, runSize, holdOnDead, name());
  }

  /** One job per account, or, where it partitions by object, per id: as the intake does. */
  static List<Job> fanOut(Submission submission) {
    List<Job> jobs = new ArrayList<>();
    for (ModelAccount account : values()) {
      String channel = submission.channel();
      if (account.key.subscription().equals(submission.subscription())
          && (channel == null || channel.equals(account.key.channel()))) {
        account.jobs(submission).forEach(jobs::add);
      }
    }
    return jobs;
  }

  private Stream<Job> jobs(Submission submission) {
    boolean byObject = this == BY_OBJECT || this == NARROW;
    return byObject && submission.partitionKey() == null
        ? submission.objectIds().stream().map(id -> job(submission, List.of(id)))
        : Stream.of(job(submission, submission.objectIds()));
  }

  private Job job(Submission submission, List<String> ids) {
    return new Job(
        Job.newId(),
        key,
        submission.source(),
        partitionKey(submission, ids),
        submission.partitionKey() != null,
        submission.action(),
        submission.objectType(),
        ids,
        submission.notBefore(),
        submission.priority(),
        null);
  }

  private String partitionKey(Submission submission, List<String> ids) {
    if (submission.partitionKey() != null) {
      return submission.partitionKey();
    }
    return switch (this) {
      case WHOLE -> "*";
      case BY_TYPE -> submission.objectType();
      case BY_OBJECT, NARROW -> submission.objectType() + "/" + ids.get(0);
    };
  }
}
