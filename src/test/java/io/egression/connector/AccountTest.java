package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.CamelCli;
import io.egression.connector.Account.Payload;
import io.egression.job.AccountKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.kamelet.KameletComponent;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountTest {
  /** Answers with what it was given. */
  private static final String ECHO =
      """
      apiVersion: camel.apache.org/v1
      kind: Kamelet
      metadata:
        name: echo
      spec:
        definition:
          properties:
            first: {type: string}
            second: {type: string, default: none}
        template:
          from:
            uri: kamelet:source
            steps:
              - setBody:
                  constant:
                    expression: "<{{first}}><{{second}}>"
                    trim: false
      """;

  private static DefaultCamelContext camel;
  private static ProducerTemplate calls;
  private static int number;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("echo.kamelet.yaml"), ECHO);
    camel = CamelCli.keptFrom(new DefaultCamelContext());
    camel.getComponent("kamelet", KameletComponent.class).setLocation("file:" + folder);
    camel.start();
    calls = camel.createProducerTemplate();
  }

  @AfterAll
  static void stop() {
    camel.stop();
  }

  @Test
  void an_endpoint_names_the_kamelet_the_account_and_its_parameters_in_order() {
    assertThat(account("a", "b", Map.of("url", "http://x/?y=z", "auth", "a(b)")).endpoint())
        .isEqualTo("kamelet:echo/a/b?auth=RAW{a(b)}&url=RAW(http://x/?y=z)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "",
        " blanks  inside and around ",
        "https://shop.example.com/api?a=b&c=%20d+e#f",
        "a&second=stolen",
        "100%",
        "%zz",
        "a,b;c|d",
        "x -> y",
        "\"'`^<>[]",
        "a(b)c",
        "a)&b",
        "a}&b",
        "a)b}&c)",
        "{a}",
        "RAW(x)",
        "RAW{x}",
        "${body}",
        "$simple{body}",
        "#hash",
        "C:\\temp\\new",
        "p$1",
        "Käse €😀"
      })
  void a_kamelet_is_given_each_parameter_as_it_is(String value) {
    assertThat(KameletUri.fault(value)).isEmpty();
    assertThat(echo(Map.of("first", value))).isEqualTo("<" + value + "><none>");
    assertThat(echo(Map.of("first", value, "second", "2"))).isEqualTo("<" + value + "><2>");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a{{b",
        "a}}b",
        "{{a:b}}",
        "a\nb",
        "a\tb",
        "a\u0000b",
        "a\u00a0b",
        "a\u2028b",
        "#bean:x",
        "#class:x",
        "#type:java.lang.String",
        "#property:x",
        "ends with\\",
        "both )& and }&"
      })
  void what_camel_would_change_on_the_way_is_refused(String value) {
    assertThat(KameletUri.fault(value)).isPresent();
  }

  @Test
  void accounts_whose_names_run_together_to_the_same_text_are_not_mixed_up() {
    String first = account("a.b", "c", Map.of("first", "of a.b")).endpoint();
    String second = account("a", "b.c", Map.of("first", "of a")).endpoint();
    assertThat(call(first)).isEqualTo("<of a.b><none>");
    assertThat(call(second)).isEqualTo("<of a><none>");
    assertThat(call(first)).isEqualTo("<of a.b><none>");
  }

  private static String echo(Map<String, String> parameters) {
    number++;
    return call(account("test", "channel-" + number, parameters).endpoint());
  }

  private static String call(String endpoint) {
    return calls.requestBody(endpoint, null, String.class);
  }

  private static Account account(
      String subscription, String channel, Map<String, String> parameters) {
    return new Account(
        new AccountKey(subscription, channel),
        new Connector("echo", Map.of(), Policy.DEFAULT),
        parameters,
        PartitionBy.ACCOUNT,
        Payload.FULL,
        16,
        64,
        false);
  }
}
