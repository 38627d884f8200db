package io.egression.job;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an attempt came to. The kind alone decides what happens next. */
public sealed interface Outcome {
  /** Why, in words for a person; free of secrets. */
  String reason();

  /** The word kept with the attempt. */
  String word();

  /** The connector has it. */
  record Delivered(String reason) implements Outcome {
    @Override
    public String word() {
      return "delivered";
    }
  }

  /**
   * Try again.
   *
   * @param after how long from now, at the earliest
   * @param pending the object ids still to be sent; null: all that were
   * @param exhausted no further attempt is left: the job is dead
   */
  record Retry(Duration after, String reason, @Nullable List<String> pending, boolean exhausted)
      implements Outcome {
    @Override
    public String word() {
      return "retry";
    }
  }

  /**
   * The connector refused the call for their number: not held against the job.
   *
   * @param after how long from now, at the earliest
   * @param scope what is not called until then
   */
  record Throttled(Duration after, String reason, PauseScope scope) implements Outcome {
    @Override
    public String word() {
      return "throttled";
    }
  }

  /**
   * Not called: a limit of ours would be exceeded.
   *
   * @param after when its turn is, from now
   * @param some the limit concerns some jobs of the account only
   */
  record Limited(Duration after, String reason, boolean some) implements Outcome {
    @Override
    public String word() {
      return "limited";
    }
  }

  /**
   * Not called: something else that it needs is away. Not held against the job.
   *
   * @param after how long from now, at the earliest
   */
  record Delayed(Duration after, String reason) implements Outcome {
    @Override
    public String word() {
      return "delayed";
    }
  }

  /**
   * Not delivered and not to be tried again.
   *
   * @param pending the object ids that were not delivered; null: all of them
   */
  record Rejected(String reason, @Nullable List<String> pending) implements Outcome {
    @Override
    public String word() {
      return "rejected";
    }
  }

  /** Nothing left to deliver: a later job of the same object takes this one's place. */
  record Superseded(String reason) implements Outcome {
    @Override
    public String word() {
      return "superseded";
    }
  }

  /** Not to be delivered: a filter of the account keeps it out. */
  record Filtered(String reason) implements Outcome {
    @Override
    public String word() {
      return "filtered";
    }
  }

  /**
   * Stop calling for a while; the job itself is tried again afterwards.
   *
   * @param after how long from now; null: until an operator resumes it
   */
  record Pause(PauseScope scope, @Nullable Duration after, String reason) implements Outcome {
    @Override
    public String word() {
      return "pause";
    }
  }

  /** What a pause stops. */
  enum PauseScope {
    ACCOUNT,
    CONNECTOR
  }
}
