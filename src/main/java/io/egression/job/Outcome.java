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
   */
  record Retry(Duration after, String reason, @Nullable List<String> pending) implements Outcome {
    @Override
    public String word() {
      return "retry";
    }
  }

  /**
   * Over a limit, ours or the connector's: not held against the job.
   *
   * @param after how long from now, at the earliest
   */
  record Throttled(Duration after, String reason) implements Outcome {
    @Override
    public String word() {
      return "throttled";
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
