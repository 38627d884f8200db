package io.egression.cli;

import io.egression.ledger.ProgressReport;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/** Starts a hub in this process. */
@FunctionalInterface
public interface HubStarter {
  /**
   * @param settings last word over the file, the environment and system properties
   * @param placeholders further words for {@code {{…}}} in routes and accounts
   * @throws RuntimeException saying what is not right
   */
  Started start(Map<String, String> settings, Map<String, String> placeholders);

  /**
   * A running hub.
   *
   * @param adminKey the file that the first start wrote the first key to
   * @param stop ends the calls in hand and gives back the rest
   */
  record Started(URI address, Path adminKey, ProgressReport reports, Runnable stop)
      implements AutoCloseable {
    @Override
    public void close() {
      stop.run();
    }
  }
}
