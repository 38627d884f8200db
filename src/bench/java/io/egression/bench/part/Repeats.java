package io.egression.bench.part;

import io.egression.bench.stage.BenchSettings;

/** How often everything is measured; the contenders take turns, so that a slow hour hits all. */
record Repeats(int count) {
  static Repeats of(BenchSettings settings) {
    return new Repeats(settings.number("repeats"));
  }

  void forEach(Runnable round) {
    for (int i = 0; i < count; i++) {
      round.run();
    }
  }
}
