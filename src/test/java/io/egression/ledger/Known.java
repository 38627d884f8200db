package io.egression.ledger;

import io.egression.job.JobState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the model knows of a job without asking the ledger. */
final class Known {
  /** Its turn among the jobs of its objects: as accepted, or as last replayed. */
  long turn;

  /** Its final answer, once that is recorded. */
  @Nullable JobState answer;

  boolean cancelAsked;
  List<String> pending;

  Known(long turn, List<String> objects) {
    this.turn = turn;
    this.pending = objects;
  }

  void replayed(long newTurn) {
    turn = newTurn;
    answer = null;
    cancelAsked = false;
  }

  /** Whether there is a reason for the job to be in this final state. */
  boolean explains(Picture.Job job) {
    return job.state() == answer
        || (job.state() == JobState.CANCELLED && cancelAsked)
        || (job.state() == JobState.DEAD && job.lost() >= Reconciliation.MOST_LOST);
  }
}
