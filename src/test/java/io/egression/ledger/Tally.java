package io.egression.ledger;

import java.util.Map;
import java.util.TreeMap;

/** Counts what happened in all tries, to see that the model reaches what it should. */
final class Tally {
  private final Map<String, Integer> counts = new TreeMap<>();

  void count(String what) {
    add(what, 1);
  }

  void add(String what, int n) {
    counts.merge(what, n, Integer::sum);
  }

  int of(String what) {
    return counts.getOrDefault(what, 0);
  }

  @Override
  public String toString() {
    return counts.toString();
  }
}
