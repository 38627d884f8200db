package io.egression;

import io.egression.ledger.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** One PostgreSQL server for all tests of a run; each asks for a database of its own. */
public final class SharedPostgres {
  private static final AtomicInteger NUMBERS = new AtomicInteger();
  private static final EmbeddedPostgres SERVER = start();

  private SharedPostgres() {}

  private static EmbeddedPostgres start() {
    try {
      Path directory = Files.createTempDirectory(Path.of("target"), "postgres-");
      EmbeddedPostgres server = EmbeddedPostgres.start(directory.toAbsolutePath());
      Runtime.getRuntime().addShutdownHook(new Thread(server::close));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The JDBC URL of a new, empty database. */
  public static String newDatabase() {
    String name = "test_" + NUMBERS.incrementAndGet();
    try (Connection connection = connect(SERVER.jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return SERVER.jdbcUrl().replaceFirst("/egression$", "/" + name);
  }

  /** The JDBC URL of a copy of this database, as a backup would restore it; nobody may use it. */
  public static String copyOf(String url) {
    String name = "test_" + NUMBERS.incrementAndGet();
    try (Connection connection = connect(SERVER.jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE DATABASE %s TEMPLATE %s"
              .formatted(name, url.substring(url.lastIndexOf('/') + 1)));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return SERVER.jdbcUrl().replaceFirst("/egression$", "/" + name);
  }

  public static Connection connect(String url) throws SQLException {
    return DriverManager.getConnection(url, SERVER.user(), SERVER.password());
  }

  public static String user() {
    return SERVER.user();
  }

  public static String password() {
    return SERVER.password();
  }
}
