package io.egression.delivery;

import io.egression.connector.Policy;
import io.egression.job.AccountKey;
import io.egression.job.Outcome;
import io.egression.ledger.PatientPauses;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One circuit breaker per account whose policy has one. When too many of the latest calls that this
 * node made have failed, it pauses the account, for all nodes; after the pause one call at a time
 * tries whether it works again: a success closes the breaker, a failure opens it again. Thread
 * safe.
 */
public final class Breakers {
  private final PatientPauses pauses;
  private final Dispatcher dispatcher;
  private final Map<AccountKey, Latest> latest = new ConcurrentHashMap<>();

  /** Which of the latest calls failed. */
  private static final class Latest {
    private final BitSet failed = new BitSet();
    private int calls;

    /** Adds a call and returns how many of the latest failed, or null if there are not enough. */
    synchronized @Nullable Integer add(boolean failure, int of) {
      failed.set(calls % of, failure);
      calls++;
      return calls < of ? null : (Integer) failed.cardinality();
    }

    synchronized void clear() {
      failed.clear();
      calls = 0;
    }
  }

  public Breakers(PatientPauses pauses, Dispatcher dispatcher) {
    this.pauses = pauses;
    this.dispatcher = dispatcher;
  }

  /** What the account's call came to; whether that opened the breaker. */
  boolean called(Work work, Outcome outcome) {
    Policy.Breaker breaker = work.account.connector().policy().allowance().breaker();
    if (breaker == null || !work.wasCalled()) {
      return false;
    }
    AccountKey account = work.run.account();
    boolean failure = outcome instanceof Outcome.Retry;
    if (work.run.now().probing()) {
      return probed(account, failure, breaker);
    }
    Latest calls = latest.computeIfAbsent(account, key -> new Latest());
    Integer failures = calls.add(failure, breaker.of());
    if (failure && failures != null && failures >= breaker.failures() * breaker.of()) {
      calls.clear();
      open(account, breaker, "%d of the last %d calls failed".formatted(failures, breaker.of()));
      return true;
    }
    return false;
  }

  private boolean probed(AccountKey account, boolean failure, Policy.Breaker breaker) {
    if (failure) {
      open(account, breaker, "the call that tried it failed too");
    } else {
      pauses.closeBreaker(account);
      dispatcher.nudge();
    }
    return failure;
  }

  private void open(AccountKey account, Policy.Breaker breaker, String why) {
    pauses.openBreaker(account, breaker.pause(), "circuit breaker: " + why);
    dispatcher.dueIn(breaker.pause());
  }
}
