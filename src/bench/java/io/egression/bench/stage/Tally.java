package io.egression.bench.stage;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Counts calls and judges their order. */
public final class Tally {
  private static final class Key {
    final BitSet taken = new BitSet();
    int next;

    Key(int next) {
      this.next = next;
    }
  }

  private final ToIntFunction<String> before;

  private final Map<String, Key> keys = new HashMap<>();
  private int calls;
  private int refused;
  private int taken;
  private int repeated;
  private int outOfOrder;
  private double firstMillis = Double.MAX_VALUE;
  private double lastMillis;

  /**
   * Begins to count.
   *
   * @param before how many jobs of a key were done before
   */
  Tally(ToIntFunction<String> before) {
    this.before = before;
  }

  void add(SinkLog.Call call) {
    calls++;
    firstMillis = Math.min(firstMillis, call.millis());
    lastMillis = Math.max(lastMillis, call.millis());
    Key key = keys.computeIfAbsent(call.key(), name -> new Key(before.applyAsInt(name) + 1));
    if (call.place() > key.next) {
      outOfOrder++;
    }
    if (!call.taken()) {
      refused++;
    } else if (key.taken.get(call.place())) {
      repeated++;
    } else {
      taken++;
      key.taken.set(call.place());
      key.next = key.taken.nextClearBit(key.next);
    }
  }

  /** All calls. */
  public int calls() {
    return calls;
  }

  /** Calls that the sink refused. */
  public int refused() {
    return refused;
  }

  /** Jobs that the sink took. */
  public int taken() {
    return taken;
  }

  /** Calls for a job that the sink had taken before. */
  public int repeated() {
    return repeated;
  }

  /** Calls that came while an earlier job of their key was not taken yet. */
  public int outOfOrder() {
    return outOfOrder;
  }

  /** From the first call to the last. */
  public double seconds() {
    return calls == 0 ? 0 : (lastMillis - firstMillis) / 1000;
  }
}
