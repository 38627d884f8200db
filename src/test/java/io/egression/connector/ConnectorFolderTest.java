package io.egression.connector;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.egression.connector.Account.Payload;
import io.egression.connector.Fault.FaultyFilesException;
import io.egression.job.AccountKey;
import io.egression.limit.Limit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConnectorFolderTest {
  private static final String KAMELET =
      """
      kind: Kamelet
      metadata:
        name: shop
      spec:
        definition:
          required:
            - url
          properties:
            url: {}
            token: {}
        template:
          from:
            uri: kamelet:source
      """;
  private static final String ACCOUNTS =
      """
      channels:
        de:
          connector: shop
          parameters:
            url: http://x
      """;

  @TempDir private Path folder;

  @BeforeEach
  void writeWhatIsRight() {
    write("shop.kamelet.yaml", KAMELET);
    write("subscriptions/acme.yaml", ACCOUNTS);
  }

  @Test
  void what_is_not_said_is_the_default() {
    Account account = read().account(new AccountKey("acme", "de")).orElseThrow();
    assertThat(account.connector().id()).isEqualTo("shop");
    assertThat(account.connector().policy()).isEqualTo(Policy.DEFAULT);
    assertThat(account.parameters()).containsOnly(Map.entry("url", "http://x"));
    assertThat(account.partitionBy()).isEqualTo(PartitionBy.ACCOUNT);
    assertThat(account.payload()).isEqualTo(Payload.FULL);
    assertThat(account.window()).isEqualTo(16);
    assertThat(account.runSize()).isEqualTo(64);
    assertThat(account.holdOnDead()).isFalse();
  }

  @Test
  void everything_that_can_be_said_of_an_account_is_read() {
    write(
        "subscriptions/acme.yaml",
        """
        channels:
          de:
            connector: shop
            parameters: {url: http://x, token: t}
            partitionBy: objectType
            payload: reference
            window: 3
            runSize: 1
            onDead: hold
          fr:
            connector: shop
            parameters: {url: http://y}
            partitionBy: object
            onDead: continue
            include: {order: [customer, shipping]}
        """);
    Catalogue catalogue = read();
    Account de = catalogue.account(new AccountKey("acme", "de")).orElseThrow();
    assertThat(de.parameters()).hasSize(2);
    assertThat(de.partitionBy()).isEqualTo(PartitionBy.OBJECT_TYPE);
    assertThat(de.payload()).isEqualTo(Payload.REFERENCE);
    assertThat(de.window()).isEqualTo(3);
    assertThat(de.runSize()).isEqualTo(1);
    assertThat(de.holdOnDead()).isTrue();
    Account fr = catalogue.account(new AccountKey("acme", "fr")).orElseThrow();
    assertThat(fr.partitionBy()).isEqualTo(PartitionBy.OBJECT);
    assertThat(fr.holdOnDead()).isFalse();
    assertThat(fr.include()).isEqualTo(Map.of("order", List.of("customer", "shipping")));
  }

  @Test
  void everything_that_can_be_said_of_a_policy_is_read() {
    write(
        "shop.connector.yaml",
        """
        limits:
          - name: calls
            permits: 20
            per: 1s
        retry:
          backoff: exponential
          first: 500ms
          factor: 1.5
          most: 1h30m
          jitter: 0
          attempts: 3
          within: 7d
        timeouts: {connect: 1s, response: 5s, total: 35s}
        retryAfterMost: 10m
        outcomes:
          - status: [404, 5xx]
            outcome: delivered
        """);
    Policy policy = read().connectors().get("shop").policy();
    assertThat(policy.allowance().limits())
        .singleElement()
        .hasToString("calls: 20 calls per 1s")
        .extracting(Limit::kind, Limit::scope)
        .containsExactly(Limit.Kind.RATE, Limit.Scope.CONNECTOR);
    assertThat(policy.retry())
        .isEqualTo(
            new Backoff(
                Duration.ofMillis(500), 1.5, Duration.ofMinutes(90), 0, 3, Duration.ofDays(7)));
    assertThat(policy.timeouts())
        .isEqualTo(
            new Policy.Timeouts(
                Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(35)));
    assertThat(policy.retryAfterMost()).isEqualTo(Duration.ofMinutes(10));
    assertThat(policy.rules()).hasSize(1);
  }

  @Test
  void an_account_may_differ_from_its_connector_s_policy() {
    write(
        "shop.connector.yaml",
        """
        limits:
          - {name: calls, permits: 2, per: 1s, scope: account}
          - {name: day, kind: quota, permits: 1000, per: day}
        retry: {first: 1s, attempts: 9}
        """);
    write(
        "subscriptions/acme.yaml",
        ACCOUNTS
            + """
                partitionBy: {jq: '.objectId[0:2]'}
                limits:
                  - {name: calls, permits: 20, per: 1s, burst: 40}
                  - {name: feeds, permits: 1, per: 1m, objectTypes: [feed]}
                retry: {attempts: 3}
              fr: {connector: shop, parameters: {url: http://x}}
            """);
    Catalogue catalogue = read();
    Account de = catalogue.account(new AccountKey("acme", "de")).orElseThrow();
    Policy policy = de.connector().policy();
    assertThat(policy.allowance().limits())
        .extracting(Limit::toString)
        .containsExactly(
            "calls: 20 calls per 1s", "day: 1000 calls per day", "feeds: 1 call per 1m");
    assertThat(policy.allowance().limits())
        .extracting(Limit::scope)
        .containsExactly(Limit.Scope.ACCOUNT, Limit.Scope.CONNECTOR, Limit.Scope.ACCOUNT);
    assertThat(policy.retry().attempts()).isEqualTo(3);
    assertThat(policy.retry().first()).as("as the connector has it").hasSeconds(1);
    assertThat(de.partitionBy().key("product", "a-1")).contains("a-");
    Account fr = catalogue.account(new AccountKey("acme", "fr")).orElseThrow();
    assertThat(fr.connector()).isEqualTo(catalogue.connectors().get("shop"));
  }

  @Test
  void a_limit_that_is_shared_is_no_account_s_to_change() {
    write("shop.connector.yaml", "limits: [{name: calls, permits: 2, per: 1s}]");
    write(
        "subscriptions/acme.yaml",
        account("url: x") + "    limits: [{name: calls, permits: 9, per: 1s}]\n");
    assertThat(faults())
        .containsExactly(
            "subscriptions/acme.yaml:6:13: channels.de.limits: the limit 'calls' is shared by all"
                + " accounts of shop: change it in its policy");
  }

  @Test
  void a_fixed_backoff_does_not_grow() {
    write("shop.connector.yaml", "retry: {backoff: fixed, factor: 3, first: 7s}");
    assertThat(read().connectors().get("shop").policy().retry().factor()).isEqualTo(1);
  }

  @Test
  void a_policy_may_say_nothing() {
    write("shop.connector.yaml", "# all as it is\n");
    assertThat(read().connectors().get("shop").policy()).isEqualTo(Policy.DEFAULT);
  }

  @Test
  void what_the_repository_ships_is_right() {
    Catalogue catalogue =
        ConnectorFolder.read(
            Path.of("connectors"), text -> text.replaceAll("\\{\\{[^:]*:(.*)}}", "$1"));
    assertThat(catalogue.accounts("sample-shop")).hasSize(3);
    assertThat(catalogue.connectors()).containsKeys("http-connector", "marketplace-connector");
  }

  @Test
  void a_folder_with_nothing_in_it_has_no_connectors(@TempDir Path empty) {
    assertThat(ConnectorFolder.read(empty, text -> text).connectors()).isEmpty();
    assertThat(ConnectorFolder.read(empty.resolve("missing"), text -> text).accounts()).isEmpty();
  }

  @Test
  void a_parameter_is_passed_on_as_it_was_written() {
    write("subscriptions/acme.yaml", account("url: 0123", "token: on"));
    Account account = read().accounts("acme").get(0);
    assertThat(account.parameters()).containsEntry("url", "0123").containsEntry("token", "on");
    write("subscriptions/acme.yaml", account("url: 1e3", "token: '007'"));
    account = read().accounts("acme").get(0);
    assertThat(account.parameters()).containsEntry("url", "1e3").containsEntry("token", "007");
  }

  @Test
  void a_channel_may_be_named_like_a_truth_or_a_number() {
    write(
        "subscriptions/acme.yaml",
        """
        channels:
          no: {connector: shop, parameters: {url: x}}
          007: {connector: shop, parameters: {url: x}}
        """);
    assertThat(read().accounts("acme"))
        .extracting(account -> account.key().channel())
        .containsExactly("007", "no");
  }

  @Test
  void placeholders_are_filled_in() {
    write("subscriptions/acme.yaml", account("url: '{{host}}/api'"));
    Catalogue catalogue =
        ConnectorFolder.read(folder, text -> text.replace("{{host}}", "http://shop"));
    assertThat(catalogue.accounts("acme").get(0).parameters())
        .containsEntry("url", "http://shop/api");
  }

  @Test
  void a_mapping_is_given_to_the_kamelet_as_json() {
    write("subscriptions/acme.yaml", account("url: {a: 'x {{host}}', b: 7}"));
    Catalogue catalogue =
        ConnectorFolder.read(folder, text -> text.replace("{{host}}", "\"shop\""));
    assertThat(catalogue.accounts("acme").get(0).parameters())
        .containsEntry("url", "{\"a\":\"x \\\"shop\\\"\",\"b\":\"7\"}");
  }

  @Test
  void an_anchor_may_be_used_again() {
    write(
        "shop.connector.yaml",
        "retry: &slow\n  first: 9s\noutcomes:\n  - outcome: retry\n    retry: *slow\n");
    Policy policy = read().connectors().get("shop").policy();
    assertThat(policy.rules().get(0).retry()).isEqualTo(policy.retry());
  }

  @Test
  void an_editor_s_hidden_files_and_other_files_are_left_alone() {
    write("subscriptions/.#acme.yaml", "{");
    write(".shop.kamelet.yaml", "{");
    write("README.md", "# {");
    write("schemas/x.json", "{");
    assertThat(read().connectors()).hasSize(1);
  }

  static Stream<Arguments> brokenPolicies() {
    return Stream.of(
        arguments("retyr: {}", "1:1: unknown key 'retyr'; did you mean 'retry'?"),
        arguments("retry:\n  frist: 1s", "2:3: retry: unknown key 'frist'; did you mean 'first'?"),
        arguments(
            "outcomes:\n  - outcome: retry\n    colour: red",
            "3:5: outcomes[0]: unknown key 'colour'; known are: body, exception, failed, for,"
                + " header, outcome, retry, scope, status"),
        arguments(
            "retry:\n  attempts: many",
            "2:13: retry.attempts: must be a whole number (Failed calls after which the job is"
                + " dead.)"),
        arguments("retry:\n  attempts: 0", "2:13: retry.attempts: must have a minimum value of 1"),
        arguments(
            "retry:\n  attempts: 99999999999",
            "2:13: retry.attempts: must have a maximum value of 1000000"),
        arguments("retry:\n  jitter: 1.5", "2:11: retry.jitter: must have a maximum value of 1"),
        arguments("retry:\n  factor: 0.5", "2:11: retry.factor: must have a minimum value of 1"),
        arguments(
            "retry:\n  backoff: exponental",
            "2:12: retry.backoff: unknown word 'exponental'; did you mean 'exponential'?"),
        arguments(
            "retry:\n  first: 1 second",
            "2:10: retry.first: '1 second' is not right (A duration as Camel writes it: 500ms, 20s,"
                + " 5m, 24h, 1h30m.)"),
        arguments(
            "retry:\n  first: 10",
            "2:10: retry.first: must be a text (A duration as Camel writes it: 500ms, 20s, 5m, 24h,"
                + " 1h30m.)"),
        arguments("retry:\n  within: 9999d", "2:11: retry.within: at most 3650d"),
        arguments(
            "retry:\n  first: 10m\n  most: 1m",
            "2:10: retry.first: must not be longer than 'most', which is 1m"),
        arguments(
            "retry:\n  first: 10m",
            "2:10: retry.first: must not be longer than 'most', which is 5m unless given"),
        arguments("timeouts:\n  total: 36s", "2:10: timeouts.total: at most 35s"),
        arguments("timeouts:\n  response: 0s", "2:13: timeouts.response: must be more than 0"),
        arguments("limits:\n  - {name: a, permits: 20}", "2:5: limits[0]: 'per' is missing"),
        arguments(
            "limits:\n  permits: 20",
            "2:3: limits: must be a list (How often the connector may be called; all limits must"
                + " allow a call.)"),
        arguments(
            "limits:\n  - {name: a, permits: 20, per: day}",
            "2:33: limits[0].per: a rate or window is per a duration, such as 1s; a quota per hour,"
                + " day, week or month"),
        arguments(
            "limits:\n  - {name: a, kind: quota, permits: 20, per: 1s}",
            "2:46: limits[0].per: a quota is per hour, day, week or month"),
        arguments(
            "limits:\n  - {name: a, permits: 20, per: 0s}",
            "2:33: limits[0].per: more than 0 and at most 400d"),
        arguments(
            "limits:\n  - {name: a, permits: 20, per: 1s, margin: 20}",
            "2:45: limits[0].margin: must leave some of the permits"),
        arguments(
            "limits:\n  - {name: a, kind: window, permits: 2.5, per: 1s}",
            "2:38: limits[0].permits: a window has a whole number of permits"),
        arguments(
            "limits:\n  - {name: a, kind: window, permits: 2, per: 1s, burst: 3}",
            "2:57: limits[0].burst: only a rate has a burst"),
        arguments(
            "limits:\n  - {name: a, permits: 2, per: 1s, zone: UTC}",
            "2:42: limits[0].zone: only a quota has a time zone"),
        arguments(
            "limits:\n  - {name: a, kind: quota, permits: 2, per: day, zone: Mars/Base}",
            "2:56: limits[0].zone: not a time zone; they are written as Europe/Berlin or UTC"),
        arguments(
            "limits:\n  - {name: a, permits: 2, per: 1s}\n  - {name: a, permits: 2, per: 1s}",
            "3:12: limits[1].name: another limit has this name"),
        arguments("outcomes:\n  - status: 404", "2:5: outcomes[0]: 'outcome' is missing"),
        arguments(
            "outcomes:\n  - outcome: deliverd",
            "2:14: outcomes[0].outcome: unknown word 'deliverd'; did you mean 'delivered'?"),
        arguments(
            "outcomes:\n  - outcome: pause\n    scope: subscription",
            "3:12: outcomes[0].scope: unknown word 'subscription'; known are: account, connector"),
        arguments(
            "outcomes:\n  - {outcome: retry, status: 4x}",
            "2:30: outcomes[0].status: '4x' is not right (An HTTP status (429), a class (5xx) or a"
                + " list of them.)"),
        arguments(
            "outcomes:\n  - {outcome: retry, status: [404, 999]}",
            "2:36: outcomes[0].status[1]: must have a maximum value of 599"),
        arguments(
            "outcomes:\n  - outcome: retry\n    exception: conect",
            "3:16: outcomes[0].exception: unknown word 'conect'; did you mean 'connect'?"),
        arguments(
            "outcomes:\n  - outcome: retry\n    header: {value: x}",
            "3:13: outcomes[0].header: 'name' is missing"),
        arguments(
            "outcomes:\n  - outcome: retry\n    header: {name: X, value: '['}",
            "3:30: outcomes[0].header.value: not a regular expression: Unclosed character class"),
        arguments(
            "outcomes:\n  - outcome: retry\n    body: .a[",
            "3:11: outcomes[0].body: not a jq expression: Cannot compile query: .a["),
        arguments(
            "outcomes:\n  - outcome: retry\n    failed: .ids | lenght",
            "3:13: outcomes[0].failed: not a jq expression: Function lenght/0 does not exist"),
        arguments(
            "retry:\n\tfirst: 1s",
            "2:1: not valid YAML: found character '\\t(TAB)' that cannot start any token. (Do not"
                + " use \\t(TAB) for indentation)"),
        arguments(
            "retry: {first: 1s\nlimits: []", "2:7: not valid YAML: expected ',' or '}', but got :"),
        arguments("a: b: c", "1:5: not valid YAML: mapping values are not allowed here"),
        arguments("# bell \u0007", "1:8: not valid YAML: a control character"),
        arguments("retry: *slow", "1:8: not valid YAML: found undefined alias slow"),
        arguments("retry: &a\n  first: *a", "1:8: this contains itself"),
        arguments(
            "retry:\n  first: 1s\n  first: 2s",
            "3:3: the key 'first' stands here twice; the first is in line 2"),
        arguments(
            "retry: {}\n---\nretry: {}", "3:1: a second document begins here; one is expected"),
        arguments(
            "- retry",
            "1:1: must be a mapping (How a connector may be called and what its answers mean:"
                + " connectors/<connector>.connector.yaml)"));
  }

  @ParameterizedTest
  @MethodSource("brokenPolicies")
  void a_mistake_in_a_policy_is_shown_where_it_is(String policy, String fault) {
    write("shop.connector.yaml", policy);
    assertThat(faults()).containsExactly("shop.connector.yaml:" + fault);
  }

  static Stream<Arguments> brokenSubscriptions() {
    return Stream.of(
        arguments(
            "",
            "1:1: must be a mapping (A merchant's accounts:"
                + " connectors/subscriptions/<subscription>.yaml)"),
        arguments("channels: {}", "1:11: channels: must have at least 1 properties"),
        arguments("channels:", "1:10: channels: must be a mapping (The account of each channel.)"),
        arguments("channels:\n  de:", "2:6: channels.de: must be a mapping"),
        arguments("channels:\n  de: {}", "2:7: channels.de: 'connector' is missing"),
        arguments(
            "channels:\n  de fr: {connector: shop, parameters: {url: x}}",
            "2:3: channels: the key 'de fr' is not right (A channel's name: at most 100 letters,"
                + " digits, '.', '_', '-'.)"),
        arguments(
            "channels:\n  de: {connector: shpo}",
            "2:19: channels.de.connector: there is no connector 'shpo'; did you mean 'shop'?"),
        arguments(
            "channels:\n  de: {connector: marketplace}",
            "2:19: channels.de.connector: there is no connector 'marketplace'; known are: shop"),
        arguments(
            account("url: x", "tokn: y"),
            "6:7: channels.de.parameters: 'tokn' is not a parameter of shop; did you mean"
                + " 'token'?"),
        arguments(
            account("token: y"),
            "5:7: channels.de.parameters: 'url' is missing, which shop requires"),
        arguments(
            "channels:\n  de:\n    connector: shop",
            "3:5: channels.de.parameters: 'url' is missing, which shop requires"),
        arguments(
            account("url: [x]"),
            "5:12: channels.de.parameters.url: must be a text or a number or true or false or a"
                + " mapping (One value, or a mapping of names to values; if it has {{…}}, in"
                + " quotes.)"),
        arguments(
            account("url: {a: [x]}"),
            "5:16: channels.de.parameters.url.a: must be a text or a number or true or false (One"
                + " value; if it has {{…}}, in quotes.)"),
        arguments(
            account("url: {a: x, b: '{{env:URL}}'}"),
            "5:22: channels.de.parameters.url.b: there is no {{env:URL}}"),
        arguments(
            account("url:"),
            "5:11: channels.de.parameters.url: must be a text or a number or true or false or a"
                + " mapping (One value, or a mapping of names to values; if it has {{…}}, in"
                + " quotes.)"),
        arguments(
            account("url: {{env:URL}}"),
            "5:13: a key is expected here; a text that begins with '{' needs quotes: \"{{…}}\""),
        arguments(
            account("url: '{{env:URL}}'"),
            "5:12: channels.de.parameters.url: there is no {{env:URL}}"),
        arguments(
            account("url: \"a\\nb\""),
            "5:12: channels.de.parameters.url: must not contain line breaks, control characters or"
                + " odd blanks"),
        arguments(
            "channels:\n  de:\n    connector: shop\n    parameter: {url: x}",
            "4:5: channels.de: unknown key 'parameter'; did you mean 'parameters'?"),
        arguments(
            account("url: x") + "    payload: reference\n    include: {order: [customer]}",
            "7:14: channels.de.include: nothing is fetched with 'payload: reference'"),
        arguments(
            account("url: x") + "    partitionBy: {jq: .objectId | split(}",
            "6:23: channels.de.partitionBy.jq: not a jq expression: Cannot compile query: .objectId |"
                + " split("),
        arguments(
            account("url: x") + "    partitionBy: {jq: .objectId, by: 1}",
            "6:34: channels.de.partitionBy: unknown key 'by'; known are: jq"),
        arguments(
            account("url: x") + "    limits: [{name: calls, permits: 9, per: 1s, brust: 3}]",
            "6:49: channels.de.limits[0]: unknown key 'brust'; did you mean 'burst'?"),
        arguments(
            account("url: x")
                + "    limits: [{name: calls, permits: 9, per: 1s, scope: connector}]",
            "6:56: channels.de.limits[0].scope: an account's limit is its own: account"),
        arguments(
            account("url: x") + "    retry: {atempts: 3}",
            "6:13: channels.de.retry: unknown key 'atempts'; did you mean 'attempts'?"),
        arguments(
            account("url: x") + "    partitionBy: objecttype",
            "6:18: channels.de.partitionBy: unknown word 'objecttype'; did you mean 'objectType'?"),
        arguments(
            account("url: x") + "    payload: none",
            "6:14: channels.de.payload: unknown word 'none'; known are: full, reference"),
        arguments(
            account("url: x") + "    onDead: stop",
            "6:13: channels.de.onDead: unknown word 'stop'; known are: continue, hold"),
        arguments(
            account("url: x") + "    window: 0",
            "6:13: channels.de.window: must have a minimum value of 1"),
        arguments(
            account("url: x") + "    window: '5'",
            "6:13: channels.de.window: must be a whole number (Runs of this account in the broker"
                + " at once (default 16).)"),
        arguments(
            account("url: x") + "    runSize: 65",
            "6:14: channels.de.runSize: must have a maximum value of 64"),
        arguments(
            account("url: x") + account("url: y").substring("channels:\n".length()),
            "6:3: the key 'de' stands here twice; the first is in line 2"));
  }

  @ParameterizedTest
  @MethodSource("brokenSubscriptions")
  void a_mistake_in_an_account_is_shown_where_it_is(String accounts, String fault) {
    write("subscriptions/acme.yaml", accounts);
    assertThat(faults()).containsExactly("subscriptions/acme.yaml:" + fault);
  }

  static Stream<Arguments> brokenKamelets() {
    return Stream.of(
        arguments("kind: Kamelet", "kind: Integration", "1:7: kind: must be 'Kamelet'"),
        arguments("kind: Kamelet\n", "", "1:1: kind: must be 'Kamelet'"),
        arguments("name: shop", "name: shp", "3:9: metadata.name: must be 'shop'"),
        arguments("from:", "form:", "12:5: spec.template.from: is missing"),
        arguments(
            "      - url\n",
            "      - url\n      - tokne\n",
            "8:9: spec.definition.required[1]: there is no property 'tokne'; did you mean"
                + " 'token'?"),
        arguments("\n      - url\n", " url\n", "6:15: spec.definition.required: must be a list"),
        arguments(
            "      url: {}\n      token: {}\n",
            "      - url\n",
            "9:7: spec.definition.properties: must be a mapping"),
        arguments(
            "kind: Kamelet", "kind: [", "3:7: not valid YAML: expected ',' or ']', but got :"));
  }

  @ParameterizedTest
  @MethodSource("brokenKamelets")
  void a_mistake_in_a_kamelet_is_shown_where_it_is(String right, String wrong, String fault) {
    write("shop.kamelet.yaml", KAMELET.replace(right, wrong));
    // and no second fault about the account that uses it
    assertThat(faults()).containsExactly("shop.kamelet.yaml:" + fault);
  }

  static Stream<Arguments> filesWithAWrongName() {
    return Stream.of(
        arguments(
            "acme.yaml",
            "nothing reads this file: its name must end in .kamelet.yaml or .connector.yaml"),
        arguments(
            "shop.connector.yml",
            "nothing reads this file: its name must end in .kamelet.yaml or .connector.yaml"),
        arguments("subscriptions/other.yml", "nothing reads this file: its name must end in .yaml"),
        arguments(
            "subscriptions/my shop.yaml",
            "'my shop' must consist of at most 100 letters, digits, '.', '_', '-'"),
        arguments("shpo.connector.yaml", "there is no Kamelet shpo.kamelet.yaml for this policy"));
  }

  @ParameterizedTest
  @MethodSource("filesWithAWrongName")
  void a_file_with_a_wrong_name_is_not_silently_left_out(String name, String fault) {
    write(name, name.startsWith("sub") ? ACCOUNTS : "");
    assertThat(faults()).containsExactly(name + ":1:1: " + fault);
  }

  @Test
  void a_file_that_is_not_utf_8_is_shown_where_it_is_not() {
    write("shop.connector.yaml", "# eins\n# Küche\n", ISO_8859_1);
    assertThat(faults()).containsExactly("shop.connector.yaml:2:4: not UTF-8");
  }

  @Test
  void a_file_that_cannot_be_read_is_named() throws IOException {
    Files.createDirectory(folder.resolve("dir.kamelet.yaml"));
    assertThat(faults()).containsExactly("dir.kamelet.yaml:1:1: cannot be read: Is a directory");
  }

  @Test
  void every_fault_of_every_file_is_told_at_once() {
    write("shop.connector.yaml", "retry: {frist: 1s, most: x}\nlimit: []");
    write("subscriptions/acme.yaml", account("token: x") + "    window: many");
    write("subscriptions/zeta.yaml", account("token: x", "tokn: x"));
    assertThat(faults())
        .extracting(fault -> fault.replaceFirst(": .*", ""))
        .containsExactly(
            "shop.connector.yaml:1:9",
            "shop.connector.yaml:1:26",
            "shop.connector.yaml:2:1",
            "subscriptions/acme.yaml:6:13",
            "subscriptions/zeta.yaml:6:7",
            "subscriptions/zeta.yaml:5:7");
  }

  @Test
  void faults_are_told_in_english_on_every_machine() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      write("shop.connector.yaml", "retry:\n  attempts: 0");
      assertThat(faults().get(0)).endsWith("must have a minimum value of 1");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void a_secret_is_never_repeated() {
    write("subscriptions/acme.yaml", account("url: x", "token: '{{secret}}'"));
    FaultyFilesException faulty =
        catchThrowableOfType(
            FaultyFilesException.class,
            () -> ConnectorFolder.read(folder, text -> text.replace("secret", "hush")));
    assertThat(faulty.faults()).hasSize(1);
    assertThat(faulty).message().doesNotContain("hush");
  }

  /** The channel de with these parameters, each on a line of its own from line 5. */
  private static String account(String... parameters) {
    return "channels:\n  de:\n    connector: shop\n    parameters:\n      "
        + String.join("\n      ", parameters)
        + "\n";
  }

  private Catalogue read() {
    return ConnectorFolder.read(folder, ConnectorFolderTest::resolve);
  }

  private static String resolve(String text) {
    if (text.contains("{{")) {
      throw new IllegalArgumentException("there is no " + text);
    }
    return text;
  }

  private List<String> faults() {
    FaultyFilesException faulty = catchThrowableOfType(FaultyFilesException.class, this::read);
    return faulty.faults().stream()
        .map(fault -> fault.toString().substring(folder.toString().length() + 1))
        .toList();
  }

  private void write(String name, String text) {
    write(name, text, UTF_8);
  }

  private void write(String name, String text, Charset charset) {
    try {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.writeString(folder.resolve(name), text, charset);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
