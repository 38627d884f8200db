package io.egression.delivery;

import io.egression.job.AccountKey;
import io.egression.job.JobState;
import io.egression.job.Outcome;
import io.egression.ledger.Activity;
import io.egression.ledger.Activity.Kind;

/** Counts what happens on the way of a job; never waits. Thread safe. */
public final class Meters {
  private final Activity activity;

  public Meters(Activity activity) {
    this.activity = activity;
  }

  /** What became of the job in hand. */
  void attempted(Work work, Outcome outcome, JobState state) {
    AccountKey account = work.run.account();
    if (work.wasCalled()) {
      activity.count(account, Kind.CALLS);
      if (outcome instanceof Outcome.Throttled) {
        activity.count(account, Kind.THROTTLED);
      } else if (!(outcome instanceof Outcome.Delivered)) {
        activity.count(account, Kind.FAILED);
      }
    }
    if (state == JobState.DELIVERED) {
      activity.count(account, Kind.DELIVERED);
    } else if (state == JobState.DEAD) {
      activity.count(account, Kind.DEAD);
    }
  }
}
