package io.egression.bench.stage;

import java.util.List;

/** Closes what the suite has opened. */
final class Closing {
  private Closing() {}

  static void all(List<AutoCloseable> parts) {
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (Exception e) { // AutoCloseable declares it
        throw new IllegalStateException(e);
      }
    }
  }
}
