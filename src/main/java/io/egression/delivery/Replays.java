package io.egression.delivery;

import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.Replay;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out replays and discards, one or many, and takes the letters of those jobs out of the
 * dead letter queue; the bean {@code replays} of the replay route. Thread safe.
 */
public final class Replays implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Replays.class);
  private static final Duration LOOK = Duration.ofSeconds(2);
  private static final int STEP = 200;

  private final Replay replay;
  private final LetterBox letterBox;
  private final Dispatcher dispatcher;
  private final Semaphore nudges = new Semaphore(0);
  private final Thread thread = new Thread(this::run, "egression-replays");
  private volatile boolean stopping;

  public Replays(Replay replay, ConnectionFactory connections, Dispatcher dispatcher) {
    this.replay = replay;
    this.letterBox = new LetterBox(connections);
    this.dispatcher = dispatcher;
    thread.setDaemon(true);
  }

  public void start() {
    thread.start();
  }

  /** A dead letter was moved back to its connector's queue, in the console or by its retry. */
  public void fromLetter(@Header("job") String job, @Header("death") int death) {
    List<UUID> replayed =
        replay.replay(List.of(UUID.fromString(job)), death, "the broker's console");
    if (replayed.isEmpty()) {
      LOG.info("letter {} of job {} is out of date: nothing to replay", death, job);
    }
    dispatcher.nudge();
  }

  /** Replays one dead job; false if it is not dead. */
  public boolean one(UUID job, String actor) {
    return !done(replay.replay(List.of(job), null, actor)).isEmpty();
  }

  /** Gives up one dead job; false if it is not dead. */
  public boolean discard(UUID job, String actor) {
    return !done(replay.discard(List.of(job), actor)).isEmpty();
  }

  /** Begins to replay, or to discard, all that match; returns by what id to ask for progress. */
  public UUID many(Replay.Filter filter, String actor, boolean discard) {
    UUID id = replay.startBulk(filter, actor, discard);
    nudges.release();
    return id;
  }

  public Optional<Replay.Progress> progress(UUID id, boolean discard) {
    return replay.progress(id, discard);
  }

  private List<UUID> done(List<UUID> jobs) {
    dispatcher.nudge();
    letterBox.remove(jobs);
    return jobs;
  }

  private void run() {
    while (!stopping) {
      try {
        Optional<List<UUID>> step = replay.bulkStep(STEP);
        step.ifPresent(this::done);
        if (step.isEmpty()) {
          await();
        }
      } catch (LedgerAwayException e) {
        LOG.warn("bulk replay waits: {}", e.getMessage());
        await();
      } catch (RuntimeException e) {
        LOG.error("bulk replay failed and tries again", e);
        await();
      }
    }
  }

  private void await() {
    try {
      if (nudges.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        nudges.drainPermits();
      }
    } catch (InterruptedException e) {
      stopping = true;
    }
  }

  @Override
  public void close() {
    stopping = true;
    nudges.release();
  }
}
