package io.egression;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.egression.Settings.InvalidSettingsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  @TempDir private Path directory;

  @Test
  void everything_has_a_default() {
    Settings settings = Settings.of(Map.of());
    assertThat(settings.httpHost()).isEqualTo("127.0.0.1");
    assertThat(settings.httpPort()).isEqualTo(8080);
    assertThat(settings.httpMaxBody()).isEqualTo(10L * 1024 * 1024);
    assertThat(settings.dataDir()).isEqualTo(Path.of("data"));
    assertThat(settings.brokerUrl()).isNull();
    assertThat(settings.brokerUser()).isNull();
    assertThat(settings.brokerPassword()).isNull();
    assertThat(settings.brokerConfig()).isEqualTo(Path.of("artemis/broker.xml"));
    assertThat(settings.databaseUrl()).isNull();
    assertThat(settings.metadataUrl()).isEqualTo("http://127.0.0.1:8081");
    assertThat(settings.routesDir()).isEqualTo(Path.of("routes"));
    assertThat(settings.connectorsDir()).isEqualTo(Path.of("connectors"));
    assertThat(settings.nodeName()).isNotBlank();
  }

  @Test
  void the_environment_comes_before_the_file_and_system_properties_before_both() {
    Path file = write("egression.http.port=1\negression.http.host=file\negression.node.name=file");
    Map<String, String> environment =
        Map.of("EGRESSION_HTTP_PORT", "2", "EGRESSION_HTTP_HOST", "environment");
    Properties system = properties("egression.http.port", "3");
    Settings settings = Settings.load(file, environment, system, Map.of());
    assertThat(settings.httpPort()).isEqualTo(3);
    assertThat(settings.httpHost()).isEqualTo("environment");
    assertThat(settings.nodeName()).isEqualTo("file");
    assertThat(
            Settings.load(file, environment, system, Map.of("egression.http.port", "4")).httpPort())
        .isEqualTo(4);
  }

  @Test
  void a_file_that_is_not_there_is_empty() {
    Settings settings =
        Settings.load(directory.resolve("none"), Map.of(), new Properties(), Map.of());
    assertThat(settings.httpPort()).isEqualTo(8080);
  }

  @Test
  void the_file_is_utf_8() {
    assertThat(load("egression.node.name=Kölln").nodeName()).isEqualTo("Kölln");
  }

  @Test
  void an_underscore_in_the_environment_stands_for_a_dot_or_a_hyphen() {
    assertThat(load(Map.of("EGRESSION_HTTP_MAX_BODY", "2048")).httpMaxBody()).isEqualTo(2048);
  }

  @Test
  void blanks_around_a_value_do_not_count_wherever_it_comes_from() {
    assertThat(load("egression.http.port = 81 \t").httpPort()).isEqualTo(81);
    assertThat(load(Map.of("EGRESSION_HTTP_PORT", " 82\n")).httpPort()).isEqualTo(82);
    assertThat(Settings.load(none(), Map.of(), properties("egression.http.port", " 83"), Map.of()))
        .extracting(Settings::httpPort)
        .isEqualTo(83);
  }

  @Test
  void what_belongs_to_others_is_left_alone() {
    Settings settings =
        Settings.load(
            write("camel.main.name=x\nother=y"),
            Map.of("PATH", "/bin", "EGRESSIO_X", "1", "egression_http_port", "7"),
            properties("java.x", "1"),
            Map.of());
    assertThat(settings.httpPort()).isEqualTo(8080);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "egression.http.prot | did you mean 'egression.http.port'?",
        "egression.metadata.uri | did you mean 'egression.metadata.url'?",
        "egression.HTTP.port | did you mean 'egression.http.port'?"
      })
  void an_unknown_key_stops_the_start_and_says_what_was_meant(String key, String suggestion) {
    assertThatThrownBy(() -> load(key + "=1"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("unknown setting '" + key + "'; " + suggestion);
  }

  @Test
  void an_unknown_key_like_no_other_is_answered_with_all_of_them() {
    assertThatThrownBy(() -> load("egression.colour=red"))
        .hasMessageContaining("unknown setting 'egression.colour'; known are: ")
        .hasMessageContaining("egression.broker.config, egression.broker.password, ");
  }

  @Test
  void an_unknown_variable_is_named_as_it_was_written() {
    assertThatThrownBy(() -> load(Map.of("EGRESSION_HTTP_PROT", "1")))
        .hasMessageContaining("EGRESSION_HTTP_PROT")
        .hasMessageContaining("did you mean 'EGRESSION_HTTP_PORT'?");
  }

  @Test
  void an_unknown_system_property_or_override_stops_the_start_too() {
    assertThatThrownBy(
            () -> Settings.load(none(), Map.of(), properties("egression.data.dri", "x"), Map.of()))
        .hasMessageContaining("did you mean 'egression.data.dir'?");
    assertThatThrownBy(() -> Settings.of(Map.of("egression.data.dri", "x")))
        .hasMessageContaining("did you mean 'egression.data.dir'?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "egression.http.port | many | a whole number from 0 to 65535",
        "egression.http.port | -1 | a whole number from 0 to 65535",
        "egression.http.port | 65536 | a whole number from 0 to 65535",
        "egression.http.port | 80.5 | a whole number from 0 to 65535",
        "egression.http.port | 99999999999999999999 | a whole number from 0 to 65535",
        "egression.http.port | ٨٠ | a whole number from 0 to 65535",
        "egression.http.port | '' | a whole number from 0 to 65535",
        "egression.http.max-body | 1023 | a whole number from 1024 to 1073741824",
        "egression.http.max-body | 10MB | a whole number from 1024 to 1073741824",
        "egression.database.pool | 3 | a whole number from 4 to 1000",
        "egression.database.url | postgres://x/y | must start with jdbc:postgresql:",
        "egression.database.url | jdbc:mysql://x/y | must start with jdbc:postgresql:",
        "egression.broker.url | http://x | must start with tcp:// or vm:// or (",
        "egression.metadata.url | ftp://x | must be an address: http://host:port/path",
        "egression.metadata.url | '' | must be an address: http://host:port/path",
        "egression.metadata.url | http:// | must be an address: http://host:port/path",
        "egression.metadata.url | http://a b/ | must be an address: http://host:port/path",
        "egression.metadata.url | http://a/?b=c | must be an address: http://host:port/path",
        "egression.metadata.url | shop.example.com | must be an address: http://host:port/path",
        "egression.metadata.timeout | 31 | a whole number from 1 to 30",
        "egression.metadata.cache | -1 | a whole number from 0 to 4294967296",
        "egression.metadata.batch | 0 | a whole number from 1 to 1000",
        "egression.metadata.max-body | 1023 | a whole number from 1024 to 104857600",
        "egression.routes.dir | no/such/dir | is not a directory",
        "egression.connectors.dir | pom.xml | is not a directory",
        "egression.http.host | '' | must not be empty",
        "egression.data.dir | '' | must not be empty"
      })
  void a_wrong_value_stops_the_start_and_is_named(String key, String value, String right) {
    assertThatThrownBy(() -> Settings.of(Map.of(key, value)))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining(key + ": '" + value + "'")
        .hasMessageContaining(right);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://127.0.0.1:8081", "https://pim.example.com/api/v2/", "http://[::1]:80/"})
  void the_metadata_api_may_be_anywhere(String url) {
    assertThat(Settings.of(Map.of("egression.metadata.url", url)).metadataUrl()).isEqualTo(url);
  }

  @Test
  void credentials_of_the_metadata_api_that_cannot_be_used_stop_the_start_without_being_repeated() {
    assertThatThrownBy(() -> Settings.of(Map.of("egression.metadata.token", "hush hush")))
        .hasMessage(
            "egression.metadata.token: is not a bearer token (letters, digits and . _ ~ + / - =)");
    assertThatThrownBy(
            () ->
                Settings.of(
                    Map.of("egression.metadata.token", "hush", "egression.metadata.user", "hub")))
        .hasMessageStartingWith(
            "egression.metadata.token: there is an egression.metadata.user too");
    assertThatThrownBy(() -> Settings.of(Map.of("egression.metadata.password", "hush")))
        .hasMessage("egression.metadata.password: there is no egression.metadata.user");
    assertThatThrownBy(() -> Settings.of(Map.of("egression.metadata.user", "a:b")))
        .hasMessage("egression.metadata.user: must not have a colon (RFC 7617)");
  }

  @Test
  void a_path_that_is_none_is_named() {
    assertThatThrownBy(() -> Settings.of(Map.of("egression.data.dir", "a\0b")))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("egression.data.dir");
    assertThatThrownBy(() -> Settings.of(Map.of("egression.routes.dir", "a\0b")))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("egression.routes.dir");
  }

  @Test
  void every_fault_is_told_at_once() {
    InvalidSettingsException faults =
        catchThrowableOfType(
            InvalidSettingsException.class,
            () ->
                Settings.of(
                    Map.of(
                        "egression.http.port", "x",
                        "egression.http.prot", "1",
                        "egression.routes.dir", "none")));
    assertThat(faults.getMessage().lines()).hasSize(3);
  }

  @Test
  void a_password_is_never_repeated() {
    assertThatThrownBy(
            () ->
                Settings.of(
                    Map.of(
                        "egression.http.port", "x",
                        "egression.database.password", "hush",
                        "egression.broker.password", "hush")))
        .message()
        .doesNotContain("hush");
  }

  @Test
  void a_file_that_cannot_be_understood_is_named() throws IOException {
    assertThatThrownBy(() -> load("egression.node.name=\\uZZZZ"))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("application.properties");
    Path latin = directory.resolve("application.properties");
    Files.writeString(latin, "egression.node.name=Kölln", ISO_8859_1);
    assertThatThrownBy(() -> Settings.load(latin, Map.of(), new Properties(), Map.of()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("application.properties")
        .hasMessageContaining("UTF-8");
    Path folder = Files.createDirectory(directory.resolve("folder"));
    assertThatThrownBy(() -> Settings.load(folder, Map.of(), new Properties(), Map.of()))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("folder");
  }

  @Test
  void routes_see_every_setting_but_the_passwords() {
    Properties routes =
        Settings.of(
                Map.of(
                    "egression.database.password", "hush",
                    "egression.broker.password", "hush",
                    "egression.metadata.token", "hush",
                    "egression.metadata.url", "http://pim"))
            .forRoutes();
    assertThat(routes)
        .containsEntry("egression.metadata.url", "http://pim")
        .containsEntry("egression.http.port", "8080")
        .doesNotContainKeys(
            "egression.database.password",
            "egression.broker.password",
            "egression.metadata.token",
            "egression.metadata.password");
    assertThat(routes.values()).doesNotContain("hush");
  }

  private Settings load(String file) {
    return Settings.load(write(file), Map.of(), new Properties(), Map.of());
  }

  private Settings load(Map<String, String> environment) {
    return Settings.load(none(), environment, new Properties(), Map.of());
  }

  private Path none() {
    return directory.resolve("none");
  }

  private Path write(String text) {
    try {
      return Files.writeString(directory.resolve("application.properties"), text, UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Properties properties(String key, String value) {
    Properties properties = new Properties();
    properties.setProperty(key, value);
    return properties;
  }

  @Test
  void a_secret_for_notices_that_is_none_is_refused_and_not_repeated() {
    Map<String, String> given =
        Map.of(
            "egression.notify.url",
            "http://127.0.0.1:1/",
            "egression.notify.secret",
            "whsec_dG9vIHNob3J0");
    assertThatThrownBy(() -> Settings.of(given))
        .hasMessageContaining("egression.notify.secret: must be whsec_")
        .hasMessageNotContaining("dG9vIHNob3J0");
  }
}
