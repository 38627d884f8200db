package io.egression.delivery;

import io.egression.job.AccountKey;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps accounts whose last call timed out from taking all of a connector's consumers: they may
 * have at most half of them. Thread safe.
 */
public final class SlowAccounts {
  private final Set<AccountKey> timedOut = ConcurrentHashMap.newKeySet();
  private final Map<String, AtomicInteger> busy = new ConcurrentHashMap<>();
  private final int most;

  /**
   * @param consumers that a connector has at most
   */
  public SlowAccounts(int consumers) {
    this.most = consumers / 2;
  }

  /** What the account's last call came to. */
  void called(AccountKey account, boolean timeout) {
    if (timeout) {
      timedOut.add(account);
    } else {
      timedOut.remove(account);
    }
  }

  /**
   * Takes a consumer for a slow account; to be given back by {@link #leave}.
   *
   * @return whether one was free
   */
  boolean enter(String connector) {
    AtomicInteger count = busy.computeIfAbsent(connector, id -> new AtomicInteger());
    if (count.incrementAndGet() <= most) {
      return true;
    }
    count.decrementAndGet();
    return false;
  }

  void leave(String connector) {
    busy.get(connector).decrementAndGet();
  }

  boolean isSlow(AccountKey account) {
    return timedOut.contains(account);
  }
}
