package io.egression.ledger.embedded;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of the hub's own, for a hub without an external one.
 *
 * <p>Guaranteed:
 *
 * <ul>
 *   <li>What is committed is on disk: {@code fsync}, {@code synchronous_commit} and {@code
 *       full_page_writes} are on, whatever {@code postgresql.conf} says.
 *   <li>It listens on 127.0.0.1 only and asks for a password (SCRAM), which is made at the first
 *       start and stands in {@code <directory>/password} for the owner alone.
 *   <li>URL, user and password stay the same for the life of the object: a server that dies is
 *       started again on its port. Connections that were open at that moment are lost.
 *   <li>The server outlives Ctrl-C and the JVM; only {@link #close()} stops it, so the hub may end
 *       its work first. One left over by a killed hub is stopped and started anew.
 *   <li>One object at a time works in a directory; a second one is refused.
 *   <li>The server's log, {@code <directory>/postgres.log}, holds no statements, parameters or rows
 *       (the sentence that names an error may quote a word it could not read).
 * </ul>
 *
 * <p>Not guaranteed: that the log is ever cut, or that data of another major version is upgraded.
 * Sizes (memory, WAL, connections) stand in {@code <directory>/data/postgresql.conf} and may be
 * changed there.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long PAUSE_MILLIS = 500;

  private final PostgresDirectory directory;
  private final PostgresCluster cluster;
  private final int port;
  private final String password;
  private final PostgresWatch watch;
  private final AtomicBoolean closed = new AtomicBoolean();

  private EmbeddedPostgres(
      PostgresDirectory directory, PostgresCluster cluster, int port, String password) {
    this.directory = directory;
    this.cluster = cluster;
    this.port = port;
    this.password = password;
    this.watch = new PostgresWatch(cluster, port);
  }

  /**
   * Starts the server, and makes it first where there is none yet. Returns when it takes
   * connections and has the database {@code egression}; that may take minutes after a crash.
   *
   * @param directory holds the data, the password, the log and the unpacked programs
   * @throws IllegalStateException if the directory is in use or the server cannot run here
   * @throws UncheckedIOException if the directory cannot be read or written
   */
  public static EmbeddedPostgres start(Path directory) {
    PostgresDirectory opened = PostgresDirectory.open(directory);
    try {
      PostgresCluster cluster = PostgresCluster.in(opened);
      String password = opened.password();
      return new EmbeddedPostgres(opened, cluster, startFirst(cluster, opened), password);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /** The URL of the database {@code egression}, without user and password. */
  public String jdbcUrl() {
    return url(port, "egression");
  }

  /** The user, who may do everything. */
  public String user() {
    return PostgresCluster.USER;
  }

  /** The user's password; never log it. */
  public String password() {
    return password;
  }

  /**
   * Stops the server: open transactions are rolled back, everything committed is kept. Does nothing
   * the second time.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    watch.close();
    try {
      do { // the watch may be starting the server right now
        cluster.stop();
      } while (!watch.hasEnded());
      cluster.stop();
    } finally {
      directory.close();
    }
  }

  private static int startFirst(PostgresCluster cluster, PostgresDirectory directory) {
    int port = startOnFreePort(cluster);
    try {
      createDatabase(port, directory);
    } catch (RuntimeException e) {
      cluster.stop();
      throw e;
    }
    LOG.info("PostgreSQL runs on {}:{} in {}", PostgresPort.HOST, port, directory.root());
    return port;
  }

  private static int startOnFreePort(PostgresCluster cluster) {
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      int port = PostgresPort.free();
      try {
        cluster.start(port);
        return port;
      } catch (PostgresCluster.BusyException e) {
        if (Instant.now().isAfter(end)) {
          throw e;
        }
        LOG.warn("PostgreSQL is started once more: {}", e.getMessage());
        pause();
      }
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while PostgreSQL was being started", e);
    }
  }

  private static void createDatabase(int port, PostgresDirectory directory) {
    PGSimpleDataSource server = new PGSimpleDataSource();
    server.setUrl(url(port, "postgres"));
    server.setUser(PostgresCluster.USER);
    server.setPassword(directory.password());
    try (Connection connection = server.getConnection();
        Statement statement = connection.createStatement()) {
      if (!hasDatabase(statement)) {
        statement.execute("CREATE DATABASE egression");
      }
    } catch (SQLException e) {
      throw new IllegalStateException(
          "The database egression cannot be opened with the password in %s: %s"
              .formatted(directory.passwordFile(), e.getMessage()),
          e);
    }
  }

  private static boolean hasDatabase(Statement statement) throws SQLException {
    try (ResultSet found =
        statement.executeQuery("SELECT 1 FROM pg_database WHERE datname = 'egression'")) {
      return found.next();
    }
  }

  private static String url(int port, String database) {
    return "jdbc:postgresql://%s:%d/%s".formatted(PostgresPort.HOST, port, database);
  }
}
