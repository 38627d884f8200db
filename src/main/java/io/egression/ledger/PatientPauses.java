package io.egression.ledger;

import io.egression.job.AccountKey;
import io.egression.job.Outcome.PauseScope;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The pauses that a connector's answers bring: as {@link Pauses}, but they wait for the database
 * while it is away. The answer's step is recorded after them, and must not be lost. Thread safe.
 */
public final class PatientPauses implements AutoCloseable {
  private final Pauses pauses;
  private final Grouping<Runnable, Boolean> asked = new Grouping<>("egression-pauses", this::doAll);

  public PatientPauses(Pauses pauses) {
    this.pauses = pauses;
  }

  /** See {@link Pauses#pause}. */
  public void pause(
      Pauses.Target target, PauseScope scope, @Nullable Duration time, String reason) {
    ask(() -> pauses.pause(target, scope, time, reason));
  }

  /** See {@link Pauses#openBreaker}. */
  public void openBreaker(AccountKey account, Duration time, String reason) {
    ask(() -> pauses.openBreaker(account, time, reason));
  }

  /** See {@link Pauses#closeBreaker}. */
  public void closeBreaker(AccountKey account) {
    ask(() -> pauses.closeBreaker(account));
  }

  private void ask(Runnable pause) {
    asked.ask(pause).join();
  }

  /** A pause that is done again, because the answer got lost, changes nothing. */
  private List<Boolean> doAll(List<Runnable> group) {
    return group.stream()
        .map(
            pause -> {
              pause.run();
              return true;
            })
        .toList();
  }

  @Override
  public void close() {
    asked.close();
  }
}
