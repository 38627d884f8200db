package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The real program: how it starts, and what it says when it can't. */
class StartIT {
  private static final Duration SECONDS = Duration.ofSeconds(60);

  private final ProgramFiles files = new ProgramFiles();

  @Test
  void it_says_where_it_serves_and_admits_no_second_hub() throws IOException {
    try (ForkedJava hub = new ForkedJava(Egression.class, files.settings(), "run")) {
      int port = Integer.parseInt(hub.awaitLine("ready: http://127\\.0\\.0\\.1:(\\d+)"));
      assertThat(port).isPositive();
      assertThat(ListeningPorts.of(hub.pid())).containsExactly(port);
      assertThat(hub.awaitLine("first key \\(role admin\\): (.*)"))
          .isEqualTo(files.data().resolve("admin.key").toString());
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files.data())))
          .isEqualTo("rwx------");

      String refusal = failure(files.settings());
      assertThat(refusal)
          .contains("the data directory " + files.data() + " is in use by another hub")
          .contains("process " + hub.pid())
          .contains("egression.data.dir");
      assertThat(hub.isAlive()).isTrue();

      hub.terminate();
      hub.awaitExit(SECONDS);
      assertThat(String.join("\n", hub.output())).doesNotContain("Exception");
    }
    files.awaitNoProcess();
  }

  @Test
  void a_database_that_may_lose_what_was_accepted_is_warned_of() {
    String database = SharedPostgres.newDatabase();
    String separator = database.contains("?") ? "&" : "?";
    Map<String, String> settings =
        files.settings(
            "egression.database.url",
            database + separator + "options=-c%20synchronous_commit%3Doff",
            "egression.database.user",
            SharedPostgres.user(),
            "egression.database.password",
            SharedPostgres.password());
    try (ForkedJava hub = new ForkedJava(Egression.class, settings, "run")) {
      hub.awaitLine("WARN.*synchronous_commit is off: jobs that were accepted just before a crash");
      hub.terminate();
      hub.awaitExit(SECONDS);
    }
  }

  @Test
  void a_stop_while_it_starts_leaves_nothing_running() {
    try (ForkedJava hub = new ForkedJava(Egression.class, files.settings(), "run")) {
      hub.awaitLine("PostgreSQL runs on");
      hub.terminate();
      hub.awaitExit(SECONDS);
    }
    files.awaitNoProcess();
  }

  @Test
  void unknown_settings_and_wrong_values_are_all_named() {
    String message =
        failure(
            files.settings(
                "egression.http.prot", "8080",
                "egression.http.port", "70000",
                "egression.http.max-body", "ten",
                "egression.database.url", "postgres://localhost/x",
                "egression.metadata.url", "localhost:8081",
                "egression.routes.dir", "nowhere"));
    assertThat(message)
        .contains("unknown setting 'egression.http.prot'; did you mean 'egression.http.port'?")
        .contains("egression.http.port: '70000' is not a whole number from 0 to 65535")
        .contains("egression.http.max-body: 'ten'")
        .contains("egression.database.url: 'postgres://localhost/x'", "jdbc:postgresql:")
        .contains("egression.metadata.url: 'localhost:8081'")
        .contains("egression.routes.dir: 'nowhere' is not a directory");
    assertThat(files.data()).doesNotExist();
  }

  @Test
  void a_port_in_use_is_named() throws IOException {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = String.valueOf(other.getLocalPort());
      assertThat(failure(files.settings("egression.http.port", port)))
          .contains("port " + port + " of 127.0.0.1", "egression.http.port", "already in use");
    }
  }

  @Test
  void a_database_that_is_not_there_is_named() throws IOException {
    String url = "jdbc:postgresql://127.0.0.1:" + TestBroker.freePort() + "/ledger";
    assertThat(failure(files.settings("egression.database.url", url)))
        .contains(url, "egression.database.url", "refused");
  }

  @Test
  void a_data_directory_that_cannot_be_made_is_named() throws IOException {
    files.write("file", "");
    String data = files.data().resolveSibling("file").resolve("data").toString();
    assertThat(failure(files.settings("egression.data.dir", data))).contains(data);
  }

  @Test
  void every_broken_file_of_connectors_is_named_with_its_line_and_what_would_be_right() {
    files
        .write("connectors/broken.kamelet.yaml", "kind: Kamelet\nmetadata: {name: [}\n")
        .write(
            "connectors/named.kamelet.yaml",
            "kind: Kamelet\nmetadata: {name: other}\nspec: {template: {from: {uri: a}}}\n")
        .replace("connectors/http-connector.connector.yaml", "backoff: exp", "backof: exp")
        .write("connectors/marketplace-connector.connector.yaml", "retry: {attempts: 0}\n")
        .write("connectors/lonely.connector.yaml", "retry: {attempts: 9}\n")
        .write(
            "connectors/subscriptions/acme.yaml",
            """
            channels:
              shop:
                connector: http-conector
              feed:
                connector: marketplace-connector
                parameters: {urll: x}
            """)
        .write(
            "connectors/subscriptions/globex.yaml",
            """
            channels:
              market:
                connector: http-connector
                partitionby: object
            """);
    assertThat(failure(withDatabase()))
        .contains("broken.kamelet.yaml:2:", "not valid YAML")
        .containsPattern("named.kamelet.yaml:2:\\d+: metadata.name: must be 'named'")
        .containsPattern(
            "http-connector.connector.yaml:\\d+:\\d+: .*'backof'.*did you mean 'backoff'\\?")
        .containsPattern("marketplace-connector.connector.yaml:1:19: .*attempts.*minimum.* 1")
        .contains("there is no Kamelet lonely.kamelet.yaml")
        .containsPattern("acme.yaml:3:16: .*'http-conector'; did you mean 'http-connector'\\?")
        .containsPattern("globex.yaml:4:\\d+: .*'partitionby'.*did you mean 'partitionBy'\\?")
        .containsPattern("acme.yaml:6:\\d+: .*'urll'.*did you mean 'url'\\?")
        .containsPattern("acme.yaml:6:\\d+: .*'url' is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "routes/enrich.camel.yaml | - loop: | - looop: | ':9:11: ' | did you mean 'loop'?",
        "routes/enrich.camel.yaml | routeConfigurationId: | routeConfigurationid: | ':4:5: ' |"
            + " did you mean 'routeConfigurationId'?",
        "routes/enrich.camel.yaml | id: enrich | id: [enrich | ':5:25: ' | expected ',' or ']'",
        "connectors/http-connector.kamelet.yaml | - marshal: | - marshall: | ':35:11: ' |"
            + " did you mean 'marshal'?"
      })
  void a_broken_route_is_named_with_its_line_and_what_would_be_right(
      String file, String text, String by, String place, String right) {
    files.replace(file, text, by);
    assertThat(failure(withDatabase())).contains(file + place, right);
  }

  private Map<String, String> withDatabase() {
    return files.settings(
        "egression.database.url", SharedPostgres.newDatabase(),
        "egression.database.user", SharedPostgres.user(),
        "egression.database.password", SharedPostgres.password());
  }

  /** What the program says when it fails: it ends by itself, with an exit code, as a whole. */
  private String failure(Map<String, String> settings) {
    try (ForkedJava hub = new ForkedJava(Egression.class, settings, "run")) {
      assertThat(hub.awaitExit(SECONDS)).isEqualTo(1);
      String output = String.join("\n", hub.output());
      assertThat(output).contains("egression cannot start:").doesNotContain("\tat ");
      return output.substring(output.indexOf("egression cannot start:"));
    }
  }
}
