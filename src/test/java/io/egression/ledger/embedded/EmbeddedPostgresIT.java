package io.egression.ledger.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** The embedded PostgreSQL, one directory for all tests, so that it is made only once. */
class EmbeddedPostgresIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir static Path home;

  private Path directory;
  private EmbeddedPostgres postgres;

  @BeforeEach
  void start() {
    directory = home.resolve("with a space/postgres");
    postgres = EmbeddedPostgres.start(directory);
  }

  @AfterEach
  void close() {
    postgres.close();
  }

  @Test
  void the_data_is_kept_over_a_stop_and_a_start() throws Exception {
    execute("CREATE TABLE kept AS SELECT 42 AS answer");

    postgres.close();
    postgres = EmbeddedPostgres.start(directory);

    assertThat(query("SELECT answer FROM kept")).isEqualTo("42");
    assertThat(postgres.user()).isEqualTo("egression");
  }

  @Test
  void a_closed_server_takes_no_connections_and_can_be_closed_again() {
    long watchesBefore = watches();

    postgres.close();
    postgres.close();

    assertThatExceptionOfType(SQLException.class).isThrownBy(() -> query("SELECT 1"));
    assertThat(directory.resolve("data/postmaster.pid")).doesNotExist();
    await().atMost(SOON).until(() -> watches() == watchesBefore - 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fsync", "synchronous_commit", "full_page_writes", "data_checksums"})
  void what_is_committed_is_on_disk(String setting) throws Exception {
    assertThat(query("SHOW " + setting)).isEqualTo("on");
  }

  @Test
  void a_setting_in_a_file_does_not_weaken_the_guarantees() throws Exception {
    execute("ALTER SYSTEM SET fsync = off");
    try {
      postgres.close();
      postgres = EmbeddedPostgres.start(directory);

      assertThat(query("SHOW fsync")).isEqualTo("on");
    } finally {
      execute("ALTER SYSTEM RESET fsync");
    }
  }

  @Test
  void the_database_sorts_by_code_point_and_knows_unicode() throws Exception {
    assertThat(query("SHOW server_encoding")).isEqualTo("UTF8");
    assertThat(query("SELECT upper('é') || ('Z' < 'a')")).isEqualTo("Étrue");
  }

  @Test
  void a_wrong_password_is_refused() {
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> DriverManager.getConnection(postgres.jdbcUrl(), "egression", "wrong"))
        .satisfies(refused -> assertThat(refused.getSQLState()).isEqualTo("28P01"));
  }

  @Test
  void only_loopback_listens() throws Exception {
    assertThat(query("SHOW listen_addresses")).isEqualTo("127.0.0.1");
    assertThat(query("SHOW unix_socket_directories")).isEmpty();
    List<InetAddress> outside =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> !address.isLoopbackAddress())
            .toList();
    assertThat(outside)
        .allSatisfy(
            address ->
                assertThatExceptionOfType(IOException.class).isThrownBy(() -> connect(address)));
  }

  @Test
  void the_password_is_long_and_for_its_owner_alone() throws IOException {
    Path file = directory.resolve("password");

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(postgres.password()).matches("[A-Za-z0-9_-]{43}").isEqualTo(Files.readString(file));
    assertThat(postgres.jdbcUrl()).doesNotContain(postgres.password());
  }

  @Test
  void the_log_holds_neither_statements_nor_values() throws Exception {
    execute("CREATE TABLE secrets (secret text PRIMARY KEY CHECK (secret <> 'xyzzy'))");
    execute("INSERT INTO secrets VALUES ('plugh')");
    for (String secret : List.of("xyzzy", "plugh")) {
      assertThatExceptionOfType(SQLException.class).isThrownBy(() -> insertSecret(secret));
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> execute("INSERT INTO secrets VALUES ('" + secret + "')"));
    }

    assertThat(Files.readString(directory.resolve("postgres.log")))
        .contains("duplicate key value", "violates check constraint")
        .doesNotContain("xyzzy", "plugh", "INSERT INTO");
  }

  @Test
  void a_server_that_is_killed_comes_back_on_the_same_port() throws Exception {
    execute("CREATE TABLE survivors AS SELECT 7 AS n");
    String url = postgres.jdbcUrl();
    for (int i = 0; i < 2; i++) {
      String startedAt = query("SELECT pg_postmaster_start_time()");

      assertThat(server().destroyForcibly()).isTrue();

      awaitAnotherServerThan(startedAt);
      assertThat(query("SELECT n FROM survivors")).isEqualTo("7");
    }
    assertThat(postgres.jdbcUrl()).isEqualTo(url);
  }

  @Test
  void a_server_that_is_killed_amid_a_long_statement_comes_back() throws Exception {
    String startedAt = query("SELECT pg_postmaster_start_time()");
    CompletableFuture<Void> busy = CompletableFuture.runAsync(this::keepAProcessBusy);
    await()
        .atMost(SOON)
        .until(
            () -> query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'"),
            "1"::equals);

    assertThat(server().destroyForcibly()).isTrue();

    awaitAnotherServerThan(startedAt);
    await().atMost(SOON).until(busy::isDone);
  }

  @Test
  void a_server_left_over_by_a_killed_hub_is_taken_over() throws Exception {
    execute("CREATE TABLE handed_over AS SELECT 1 AS n");
    postgres.close();
    Process hub = startHub();
    ProcessHandle leftOver = server();
    hub.destroyForcibly();
    assertThat(hub.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(leftOver.isAlive()).isTrue();

    postgres = EmbeddedPostgres.start(directory);

    assertThat(query("SELECT n FROM handed_over")).isEqualTo("1");
    assertThat(server()).isNotEqualTo(leftOver);
    assertThat(leftOver.info().command()).isEmpty();
  }

  @Test
  void a_second_hub_is_refused_and_leaves_the_server_alone() throws Exception {
    assertThatIllegalStateException()
        .isThrownBy(() -> EmbeddedPostgres.start(directory))
        .withMessageContaining("Another hub")
        .withMessageContaining(directory.toString());

    assertThat(query("SELECT 1")).isEqualTo("1");
  }

  @Test
  void a_pid_file_of_a_dead_process_does_not_hinder() throws Exception {
    postgres.close();
    Process dead = new ProcessBuilder("true").start();
    assertThat(dead.waitFor(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();

    startWithPidFileOf(dead.pid());

    assertThat(query("SELECT 1")).isEqualTo("1");
  }

  @Test
  void a_pid_file_whose_number_went_to_another_process_does_not_hinder() throws Exception {
    postgres.close();
    Process other = new ProcessBuilder("sleep", "300").start();
    try {
      startWithPidFileOf(other.pid());

      assertThat(query("SELECT 1")).isEqualTo("1");
      assertThat(other.isAlive()).isTrue();
    } finally {
      other.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "not a number\n", "\0\uFFFF"})
  void a_pid_file_without_a_number_does_not_hinder(String content) throws Exception {
    postgres.close();
    Files.writeString(directory.resolve("data/postmaster.pid"), content);

    postgres = EmbeddedPostgres.start(directory);

    assertThat(query("SELECT 1")).isEqualTo("1");
  }

  @Test
  void a_port_that_was_taken_in_between_is_told_from_a_broken_server() throws Exception {
    postgres.close();
    try (PostgresDirectory opened = PostgresDirectory.open(directory);
        ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      PostgresCluster cluster = PostgresCluster.in(opened);

      assertThatExceptionOfType(PostgresCluster.BusyException.class)
          .isThrownBy(() -> cluster.start(other.getLocalPort()));
      assertThat(cluster.server()).isEmpty();
    }
  }

  @Test
  void a_lost_password_is_not_made_anew_beside_the_data() throws Exception {
    postgres.close();
    Path file = directory.resolve("password");
    Path away = Files.move(file, directory.resolve("away"));
    try {
      assertThatExceptionOfType(UncheckedIOException.class)
          .isThrownBy(() -> EmbeddedPostgres.start(directory))
          .withMessageContaining(file.toString());
    } finally {
      Files.move(away, file);
    }
  }

  @Test
  void a_start_that_was_broken_off_leaves_nothing_behind() throws Exception {
    postgres.close();
    Path half = Files.createDirectories(directory.resolve("data.part-123/base"));
    Files.writeString(half.resolve("1"), "half");

    postgres = EmbeddedPostgres.start(directory);

    assertThat(directory).isDirectoryNotContaining("glob:**.part-*");
  }

  @Test
  void a_failed_start_says_what_the_server_said() throws Exception {
    postgres.close();
    Path version = directory.resolve("data/PG_VERSION");
    String right = Files.readString(version);
    Files.writeString(version, "9.6\n");
    try {
      assertThatIllegalStateException()
          .isThrownBy(() -> EmbeddedPostgres.start(directory))
          .withMessageContaining("incompatible with server");
    } finally {
      Files.writeString(version, right);
    }
  }

  @Test
  void a_platform_without_binaries_is_told_of_the_external_database() {
    assertThatIllegalStateException()
        .isThrownBy(() -> PostgresBinaries.archive("SunOS", "sparcv9"))
        .withMessageContaining("SunOS/sparcv9")
        .withMessageContaining("egression.database.url");
  }

  @ParameterizedTest
  @ValueSource(strings = {"amd64", "x86_64", "aarch64", "arm64"})
  void linux_and_macos_have_binaries(String arch) {
    assertThat(PostgresBinaries.archive("Linux", arch)).isNotNull();
    assertThat(PostgresBinaries.archive("Mac OS X", arch)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside", "/outside", "a/../../outside"})
  void an_entry_that_leaves_the_directory_is_refused(String name) throws IOException {
    Path target = Files.createTempDirectory(home, "target");
    TarArchiveEntry file = new TarArchiveEntry(name, true);
    TarArchiveEntry link = new TarArchiveEntry("link", TarConstants.LF_SYMLINK);
    link.setLinkName(name);

    for (TarArchiveEntry entry : List.of(file, link)) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> PostgresBinaries.extract(archiveOf(entry), target))
          .withMessageContaining("leaves the directory");
    }
    assertThat(target).isEmptyDirectory();
  }

  /** Another JVM's hub, which is killed before it can close its server. */
  static final class Hub {
    public static void main(String[] arguments) throws Exception {
      EmbeddedPostgres.start(Path.of(arguments[0]));
      Files.createFile(Path.of(arguments[1]));
      new CompletableFuture<Void>().join();
    }
  }

  private Process startHub() throws IOException {
    Path ready = home.resolve("ready");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    Process hub =
        new ProcessBuilder(
                java, "-cp", classPath, Hub.class.getName(), directory.toString(), ready.toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("hub.log").toFile())
            .start();
    await().atMost(SOON).until(() -> Files.exists(ready) || !hub.isAlive());
    assertThat(hub.isAlive()).as(Files.readString(home.resolve("hub.log"))).isTrue();
    return hub;
  }

  private static long watches() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("egression-postgres-watch"))
        .count();
  }

  private void startWithPidFileOf(long pid) throws IOException {
    Files.writeString(
        directory.resolve("data/postmaster.pid"),
        "%d%n%s%n1700000000%n20000%n%n127.0.0.1%n".formatted(pid, directory.resolve("data")));
    postgres = EmbeddedPostgres.start(directory);
  }

  private void awaitAnotherServerThan(String startedAt) {
    await()
        .atMost(SOON)
        .ignoreExceptionsInstanceOf(SQLException.class)
        .until(() -> !query("SELECT pg_postmaster_start_time()").equals(startedAt));
  }

  /** It does not look whether its server is gone, and holds the memory until it is done. */
  private void keepAProcessBusy() {
    try {
      execute(
          """
          DO $$
          DECLARE stop timestamptz := clock_timestamp() + interval '4 s';
          BEGIN
            WHILE clock_timestamp() < stop LOOP END LOOP;
          END $$
          """);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private ProcessHandle server() throws IOException {
    String pid = Files.readAllLines(directory.resolve("data/postmaster.pid")).get(0);
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }

  private void connect(InetAddress address) throws IOException {
    int port = URI.create(postgres.jdbcUrl().substring("jdbc:".length())).getPort();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), (int) SOON.toMillis());
    }
  }

  private void insertSecret(String secret) throws SQLException {
    try (Connection connection = connection();
        PreparedStatement insert = connection.prepareStatement("INSERT INTO secrets VALUES (?)")) {
      insert.setString(1, secret);
      insert.executeUpdate();
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String query(String sql) throws SQLException {
    try (Connection connection = connection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }

  private Connection connection() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  private static InputStream archiveOf(TarArchiveEntry entry) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new XZOutputStream(bytes, new LZMA2Options()))) {
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
    }
    return new ByteArrayInputStream(bytes.toByteArray());
  }
}
