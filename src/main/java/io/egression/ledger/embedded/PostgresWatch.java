package io.egression.ledger.embedded;

import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts a server that has died again on its port.
 *
 * <p>It is woken by the end of the server's process, and looks for itself once a second: Java sees
 * the end of a process that is not its child only after up to 5 seconds, and not at all while
 * nobody has reaped it.
 */
final class PostgresWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresWatch.class);
  private static final long LOOK_MILLIS = 1_000;
  private static final long SHORTEST_PAUSE_MILLIS = 250;
  private static final long LONGEST_PAUSE_MILLIS = 30_000;
  private static final long END_MILLIS = 200;

  private final PostgresCluster cluster;
  private final int port;
  private final Semaphore wake = new Semaphore(0);
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private @Nullable ProcessHandle watched; // the watch thread's own
  private volatile boolean closing;

  PostgresWatch(PostgresCluster cluster, int port) {
    this.cluster = cluster;
    this.port = port;
    Thread thread = new Thread(this::run, "egression-postgres-watch");
    thread.setDaemon(true);
    thread.start();
  }

  /** Asks the watch to end; it may be starting the server right now. */
  @Override
  public void close() {
    closing = true;
    wake.release();
  }

  /** Whether it has ended by now or a moment later. */
  boolean hasEnded() {
    ended.copy().completeOnTimeout(null, END_MILLIS, TimeUnit.MILLISECONDS).join();
    return ended.isDone();
  }

  private void run() {
    try {
      long pause = SHORTEST_PAUSE_MILLIS;
      while (!closing) {
        boolean runs = look();
        await(runs ? LOOK_MILLIS : pause);
        pause = runs ? SHORTEST_PAUSE_MILLIS : Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      LOG.warn("PostgreSQL is no longer watched: interrupted", e);
    } finally {
      ended.complete(null);
    }
  }

  private void await(long millis) throws InterruptedException {
    if (wake.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
      wake.drainPermits();
    }
  }

  /** Whether the server runs, or runs again. */
  private boolean look() {
    try {
      if (cluster.server().isEmpty()) {
        startAgain();
      }
      cluster.server().ifPresent(this::wakeAtItsEnd);
      return true;
    } catch (IllegalStateException | UncheckedIOException e) {
      if (!closing) {
        LOG.warn("PostgreSQL cannot be started again yet", e);
      }
      return false;
    }
  }

  private void startAgain() {
    if (!closing) {
      LOG.warn("PostgreSQL does not run any more; starting it again on port {}", port);
      cluster.start(port);
      LOG.info("PostgreSQL runs again on port {}", port);
    }
  }

  private void wakeAtItsEnd(ProcessHandle server) {
    if (!server.equals(watched)) {
      watched = server;
      server.onExit().thenRun(wake::release);
    }
  }
}
