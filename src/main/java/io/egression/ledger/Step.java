package io.egression.ledger;

import io.egression.job.JobState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One step of a run to be recorded: what became of a job, or the run's end, or both.
 *
 * @param result null: no job is concerned
 * @param end null: the run goes on
 */
public record Step(Run run, @Nullable Result result, @Nullable End end) {
  /**
   * What became of a job.
   *
   * @param state final, or waiting to be tried again
   * @param call null: the connector was not called
   * @param again why it is tried again, if it is
   * @param pending what is still to be delivered; null: as before
   */
  public record Result(
      UUID job,
      long place,
      JobState state,
      String reason,
      @Nullable Call call,
      Again again,
      @Nullable List<String> pending) {

    /** The run does not go on before it is durable. */
    public boolean isAwaited() {
      return state == JobState.DEAD || state == JobState.WAITING;
    }
  }

  /** Why a job is tried again. */
  public enum Again {
    /** It is not, or a pause stopped it. */
    NO,
    /** Its call failed: counts against the policy. */
    FAILED,
    /** The connector refused the call for their number. */
    THROTTLED,
    /** A limit of ours kept it back before the call. */
    LIMITED,
    /** Something else kept it back before the call. */
    DELAYED
  }

  /**
   * One call of the connector.
   *
   * @param next when it is tried again, from now; null: not
   */
  public record Call(
      int number,
      Instant startedAt,
      Duration took,
      String outcome,
      @Nullable Integer status,
      @Nullable String detail,
      @Nullable Duration next) {}

  /**
   * How the lane goes on when the run ends.
   *
   * @param delay null: at once, if it has jobs
   * @param reason why it waits or is held
   * @param job which job made it wait
   * @param hold until an operator decides
   * @param limit null: it waits for no limit's turn
   */
  public record End(
      @Nullable Duration delay,
      @Nullable String reason,
      @Nullable UUID job,
      boolean hold,
      @Nullable Turn limit) {
    public End(
        @Nullable Duration delay, @Nullable String reason, @Nullable UUID job, boolean hold) {
      this(delay, reason, job, hold, null);
    }

    /** Nothing keeps the lane back. */
    public static final End GO_ON = new End(null, null, null, false);
  }

  /** At which limit the lane has a turn when its delay is over. */
  public enum Turn {
    /** One of all of the account's jobs: the lane counts in the account's window. */
    ALL,
    /** One of some of them: the other jobs of the account go on. */
    SOME
  }

  /**
   * What recording a step brings back.
   *
   * @param kept false: the claim was lost to another node, nothing was recorded
   * @param look a job of the run was cancelled or changed: look again before the next call
   * @param stop the account or connector is paused: give the rest back
   */
  public record Recorded(boolean kept, boolean look, boolean stop) {}
}
