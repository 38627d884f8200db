package io.egression.bench.stage;

import io.egression.ledger.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;

/** The one PostgreSQL of a run, which syncs every commit; each contender gets a new database. */
public final class Databases implements AutoCloseable {
  private final EmbeddedPostgres server;
  private final AtomicInteger numbers = new AtomicInteger();

  Databases(Path directory) {
    server = EmbeddedPostgres.start(directory);
    // A run that is broken off leaves no server on files that the next one deletes.
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
  }

  /** A database of one contender, gone when it is closed. */
  public final class Database implements AutoCloseable {
    private final String name = "bench_" + numbers.incrementAndGet();

    private Database() {
      execute("CREATE DATABASE " + name);
    }

    /** Its JDBC URL; {@code jdbc:} cut off, it is the URL that other drivers take. */
    public String url() {
      return server.jdbcUrl().replaceFirst("/egression$", "/" + name);
    }

    /** The one number that a query yields. */
    public long number(String sql) {
      try (Connection connection = connect(url());
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        row.next();
        return row.getLong(1);
      } catch (SQLException e) {
        throw new IllegalStateException(sql, e);
      }
    }

    /** The numbers that a query yields. */
    double[] numbers(String sql) {
      try (Connection connection = connect(url());
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        DoubleStream.Builder numbers = DoubleStream.builder();
        while (row.next()) {
          numbers.add(row.getDouble(1));
        }
        return numbers.build().toArray();
      } catch (SQLException e) {
        throw new IllegalStateException(sql, e);
      }
    }

    @Override
    public void close() {
      execute("DROP DATABASE " + name + " WITH (FORCE)");
      execute("CHECKPOINT"); // what one contender left to write is not the next one's
    }
  }

  /** A new, empty database. */
  public Database open() {
    return new Database();
  }

  public String user() {
    return server.user();
  }

  public String password() {
    return server.password();
  }

  /** What the server calls itself. */
  public String version() {
    try (Connection connection = connect(server.jdbcUrl())) {
      return connection.getMetaData().getDatabaseProductVersion();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private Connection connect(String url) throws SQLException {
    return DriverManager.getConnection(url, user(), password());
  }

  private void execute(String sql) {
    try (Connection connection = connect(server.jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
