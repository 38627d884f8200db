package io.egression.ledger.embedded;

import java.util.List;
import java.util.stream.Collectors;

/** How the embedded PostgreSQL is set. */
final class PostgresSettings {
  /** Sizes, written to postgresql.conf once; an operator may change them there. */
  static final List<String> SIZES =
      List.of(
          "max_connections=100",
          "shared_buffers=256MB",
          "wal_buffers=16MB",
          "min_wal_size=256MB",
          "max_wal_size=2GB",
          "checkpoint_timeout=15min");

  /** What the hub relies on. Terse errors leave out the rows they are about. */
  private static final List<String> GUARANTEES =
      List.of(
          "listen_addresses=127.0.0.1",
          "unix_socket_directories=",
          "fsync=on",
          "synchronous_commit=on",
          "full_page_writes=on",
          "log_statement=none",
          "log_duration=off",
          "log_min_duration_statement=-1",
          "log_min_duration_sample=-1",
          "log_transaction_sample_rate=0",
          "log_min_error_statement=panic",
          "log_error_verbosity=terse",
          "log_parameter_max_length=0",
          "log_parameter_max_length_on_error=0");

  private PostgresSettings() {}

  /** The server's command line, which goes before every file. A shell reads it. */
  static String commandLine(int port) {
    return GUARANTEES.stream()
        .map(setting -> "-c " + setting)
        .collect(Collectors.joining(" ", "-p " + port + " ", ""));
  }
}
