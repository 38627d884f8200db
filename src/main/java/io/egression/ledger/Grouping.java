package io.egression.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does together what concurrent callers ask for: while one statement is under way the next requests
 * gather, so that many narrow lanes share one round trip and one commit. Requests are served in the
 * order in which they came, and kept while the database is away. Thread safe.
 *
 * @param <A> what is asked
 * @param <R> its answer
 */
final class Grouping<A, R> implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Grouping.class);
  private static final int LARGEST = 1000;
  private static final Duration AWAY = Duration.ofMillis(250);

  /** How long a request waits that need not be answered at once, while no other comes. */
  private static final Duration PATIENCE = Duration.ofMillis(10);

  private record Asked<A, R>(@Nullable A request, CompletableFuture<R> answer, boolean isPatient) {}

  private final BlockingQueue<Asked<A, R>> asked = new LinkedBlockingQueue<>();
  private final Function<List<A>, List<R>> work;
  private final Thread thread;

  /** Wakes the thread at the end without interrupting a statement. */
  private final Asked<A, R> end;

  private volatile boolean closed;

  /**
   * @param work answers a list of requests with a list of answers in the same order
   */
  Grouping(String name, Function<List<A>, List<R>> work) {
    this.end = new Asked<>(null, new CompletableFuture<>(), false);
    this.work = work;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
    thread.start();
  }

  CompletableFuture<R> ask(A request) {
    CompletableFuture<R> answer = ask(request, false);
    LockSupport.unpark(thread);
    return answer;
  }

  /** Its statement waits some milliseconds for others, unless one comes that does not. */
  CompletableFuture<R> askPatiently(A request) {
    return ask(request, true);
  }

  private CompletableFuture<R> ask(A request, boolean isPatient) {
    CompletableFuture<R> answer = new CompletableFuture<>();
    asked.add(new Asked<>(request, answer, isPatient));
    if (closed && !thread.isAlive()) {
      failRest(); // nobody is left to take it
    }
    return answer;
  }

  private void run() {
    List<Asked<A, R>> group = new ArrayList<>();
    try {
      while (!closed || !asked.isEmpty()) {
        group.add(asked.take());
        asked.drainTo(group, LARGEST - 1);
        if (group.stream().allMatch(Asked::isPatient)) {
          LockSupport.parkNanos(PATIENCE.toNanos());
          asked.drainTo(group, LARGEST - group.size());
        }
        group.remove(end);
        answer(group);
        group.clear();
      }
    } catch (InterruptedException e) {
      LOG.warn("{}: interrupted, ends", thread.getName());
    }
    failRest();
  }

  private void answer(List<Asked<A, R>> group) {
    while (!group.isEmpty()) {
      try {
        List<R> answers = work.apply(group.stream().map(Asked::request).toList());
        for (int i = 0; i < group.size(); i++) {
          group.get(i).answer.complete(answers.get(i));
        }
        return;
      } catch (LedgerAwayException e) {
        if (closed) {
          group.forEach(each -> each.answer.completeExceptionally(e));
          return;
        }
        LOG.warn("{}: {}; {} requests are kept", thread.getName(), e.getMessage(), group.size());
        LockSupport.parkNanos(AWAY.toNanos());
      } catch (RuntimeException e) {
        answerOneByOne(group, e);
        return;
      }
    }
  }

  /** One request that can't be served must not fail the others of its group. */
  private void answerOneByOne(List<Asked<A, R>> group, RuntimeException fault) {
    if (group.size() == 1) {
      group.get(0).answer.completeExceptionally(fault);
    } else {
      group.forEach(each -> answer(List.of(each)));
    }
  }

  private void failRest() {
    List<Asked<A, R>> rest = new ArrayList<>();
    asked.drainTo(rest);
    rest.forEach(
        each ->
            each.answer.completeExceptionally(new IllegalStateException("the hub has stopped")));
  }

  /** Ends after what has been asked is done; what the database can't take now fails. */
  @Override
  public void close() {
    closed = true;
    asked.add(end);
    LockSupport.unpark(thread);
    try {
      thread.join(Duration.ofSeconds(10).toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
