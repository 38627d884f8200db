package io.egression.delivery;

import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.Retention;
import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.Pruning;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps final jobs as long as their account says, and no longer: a small step at a time, with a
 * pause after each, so that deliveries do not feel it. Thread safe.
 */
public final class Retaining implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Retaining.class);
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final Pruning pruning;
  private final Supplier<Catalogue> catalogue;
  private final Clock clock;
  private final Duration round;
  private final Deque<Account> accounts = new ArrayDeque<>();
  private @Nullable UUID after;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-retention");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * @param round between two looks at all accounts
   */
  public Retaining(Pruning pruning, Supplier<Catalogue> catalogue, Clock clock, Duration round) {
    this.pruning = pruning;
    this.catalogue = catalogue;
    this.clock = clock;
    this.round = round;
  }

  public void start() {
    timer.schedule(this::step, round.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void step() {
    Duration pause = round;
    try {
      pause = prune() ? PAUSE : round;
    } catch (LedgerAwayException e) {
      LOG.debug("old jobs are removed later: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("old jobs could not be removed", e);
    }
    if (!timer.isShutdown()) {
      timer.schedule(this::step, pause.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** One step; whether there is more to look at in this round. */
  private boolean prune() {
    if (accounts.isEmpty()) {
      accounts.addAll(catalogue.get().accounts().values());
      pruning.pruneBatches(Retention.STANDARD.explained());
    }
    Account account = accounts.peek();
    if (account == null) {
      return false;
    }
    Retention kept = account.retention();
    Pruning.Step step =
        pruning.prune(account.key(), kept.done(), kept.explained(), after, clock.instant());
    if (step.removed() > 0) {
      LOG.debug("account {}: {} old jobs are removed", account.key(), step.removed());
    }
    after = step.next();
    if (after == null) {
      accounts.remove();
    }
    return !accounts.isEmpty();
  }

  @Override
  public void close() {
    timer.shutdownNow();
    try {
      timer.awaitTermination(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
