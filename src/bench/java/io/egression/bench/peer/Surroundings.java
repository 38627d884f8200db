package io.egression.bench.peer;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** What the driver tells a peer by its environment. */
final class Surroundings {
  private Surroundings() {}

  static String sink() {
    return System.getenv("BENCH_SINK");
  }

  /** How many calls may be under way. */
  static int calls() {
    return Integer.parseInt(System.getenv("BENCH_CALLS"));
  }

  /** The delay before each further attempt. */
  static Duration retry() {
    return Duration.ofMillis(Long.parseLong(System.getenv("BENCH_RETRY")));
  }

  static Path directory() {
    return Path.of(System.getenv("BENCH_DIRECTORY"));
  }

  /** A pool with a connection for each worker and some for the rest. */
  static HikariDataSource database() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(System.getenv("BENCH_DATABASE") + "?reWriteBatchedInserts=true");
    config.setUsername(System.getenv("BENCH_USER"));
    config.setPassword(System.getenv("BENCH_PASSWORD"));
    config.setMaximumPoolSize(calls() + 4);
    return new HikariDataSource(config);
  }

  static long number(HikariDataSource database, String sql) {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  static void execute(HikariDataSource database, String sql) {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }
}
