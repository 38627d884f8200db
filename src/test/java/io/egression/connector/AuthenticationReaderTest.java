package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.egression.connector.Fault.FaultyFilesException;
import io.egression.job.AccountKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AuthenticationReaderTest {
  private static final String KAMELET =
      """
      kind: Kamelet
      metadata:
        name: shop
      spec:
        definition:
          properties:
            url: {}
            token: {format: password}
            pin: {x-descriptors: ["urn:camel:group:credentials"]}
        template:
          from:
            uri: kamelet:source
            steps:
              - to:
                  uri: "{{url}}"
                  parameters:
                    httpClientConfigurer: "#client/{{routeId}}"
      """;

  private static final Map<String, String> SECRETS =
      Map.of(
          "{{env:KEY}}", "s3cr3t",
          "{{env:BLANK}}", " ",
          "{{env:LINES}}", "s3cr3t\ns3cr3t",
          "{{env:WORDS}}", "not base64");

  @TempDir private Path folder;

  @BeforeEach
  void writeKamelet() throws IOException {
    Files.createDirectories(folder.resolve("subscriptions"));
    Files.writeString(folder.resolve("shop.kamelet.yaml"), KAMELET);
  }

  private Account read(String... lines) throws IOException {
    Files.writeString(
        folder.resolve("subscriptions/acme.yaml"),
        "channels:\n  de:\n    connector: shop\n    " + String.join("\n    ", lines) + "\n");
    return ConnectorFolder.read(folder, AuthenticationReaderTest::resolve)
        .account(new AccountKey("acme", "de"))
        .orElseThrow();
  }

  private static String resolve(String text) {
    if (!text.contains("{{")) {
      return text;
    }
    if (text.equals("{{env:NESTED}}")) {
      throw new IllegalArgumentException("no property from input: s3cr3t{{x}}");
    }
    String value = SECRETS.get(text);
    if (value == null) {
      throw new IllegalArgumentException("there is no " + text);
    }
    return value;
  }

  @Test
  void an_account_without_authentication_has_none() throws IOException {
    assertThat(read().access()).isEqualTo(Access.OPEN);
    assertThat(read("authentication: {method: none}").access()).isEqualTo(Access.OPEN);
  }

  @Test
  void secrets_are_resolved_and_never_shown() throws IOException {
    Account account =
        read(
            "authentication: {method: basic, user: u, password: '{{env:KEY}}'}",
            "parameters: {url: http://x, token: '{{env:KEY}}', pin: '{{env:KEY}}'}");
    assertThat(account.access().authentication())
        .isEqualTo(new Authentication.Basic("u", new Secret("s3cr3t")));
    assertThat(account.access().parameters()).containsOnlyKeys("token", "pin");
    assertThat(account.parameters()).containsOnlyKeys("url");
    assertThat(account.toString()).doesNotContain("s3cr3t").contains("***");
    assertThat(account.endpoint()).isEqualTo("kamelet:shop/acme/de?url=RAW(http://x)");
  }

  @Test
  void what_is_not_said_of_an_hmac_is_its_default() throws IOException {
    assertThat(read("authentication: {method: hmac, secret: '{{env:KEY}}'}").access())
        .extracting(Access::authentication)
        .isEqualTo(
            new Authentication.Hmac(
                new Secret("s3cr3t"),
                "HmacSHA256",
                "X-Signature",
                "X-Timestamp",
                Authentication.Hmac.Encoding.HEX,
                ""));
  }

  static Stream<Arguments> faults() {
    String secret =
        "(A secret: one placeholder in quotes, {{env:NAME}}, {{file:/path}} or a vault's, never the"
            + " secret itself.)";
    String at = "4:21: channels.de.authentication";
    return Stream.of(
        arguments(
            "{method: beerer, token: '{{env:KEY}}'}",
            "4:30: channels.de.authentication.method: unknown word 'beerer'; did you mean"
                + " 'bearer'?"),
        arguments(
            "{token: '{{env:KEY}}'}", "4:21: channels.de.authentication: 'method' is missing"),
        arguments(
            "{method: bearer, tokn: '{{env:KEY}}', token: '{{env:KEY}}'}",
            "4:38: channels.de.authentication: unknown key 'tokn'; did you mean 'token'?"),
        arguments("{method: bearer}", at + ": 'token' is missing"),
        arguments(
            "{method: none, token: '{{env:KEY}}'}",
            "4:36: channels.de.authentication: unknown key 'token'; known are: method"),
        arguments(
            "{method: bearer, token: s3cr3t}",
            "4:45: channels.de.authentication.token: this is not right " + secret),
        arguments(
            "{method: bearer, token: 'Bearer {{env:KEY}}'}",
            "4:45: channels.de.authentication.token: this is not right " + secret),
        arguments(
            "{method: bearer, token: '{{env:KEY:s3cr3t}}'}",
            "4:45: channels.de.authentication.token: must have no default: the secret itself does"
                + " not belong into this file"),
        arguments(
            "{method: bearer, token: '{{env:GONE}}'}",
            "4:45: channels.de.authentication.token: there is no {{env:GONE}}"),
        arguments(
            "{method: bearer, token: '{{env:BLANK}}'}",
            "4:45: channels.de.authentication.token: {{env:BLANK}} resolves to nothing"),
        arguments(
            "{method: bearer, token: '{{env:NESTED}}'}",
            "4:45: channels.de.authentication.token: {{env:NESTED}} resolves to something that has"
                + " '{{' in it"),
        arguments(
            "{method: bearer, token: '{{env:LINES}}'}",
            "4:45: channels.de.authentication.token: what {{env:LINES}} resolves to has line breaks"
                + " or other control characters"),
        arguments(
            "{method: apiKey, name: 'X Key', key: '{{env:KEY}}'}",
            "4:44: channels.de.authentication.name: 'X Key' is not right (The header's or the query"
                + " parameter's name.)"),
        arguments(
            "{method: basic, user: 'a:b', password: '{{env:KEY}}'}",
            "4:43: channels.de.authentication.user: 'a:b' is not right (The user's name, without a"
                + " colon.)"),
        arguments(
            "{method: oauth2RefreshToken, clientId: c, tokenUrl: login, refreshToken:"
                + " '{{env:KEY}}'}",
            "4:73: channels.de.authentication.tokenUrl: must be an address like"
                + " https://login.example.com/oauth2/token"),
        arguments(
            "{method: standardWebhooks, secrets: ['{{env:WORDS}}']}",
            "4:58: channels.de.authentication.secrets[0]: what it resolves to must be whsec_ and"
                + " Base64, or Base64 alone"),
        arguments(
            "{method: mtls, keyStore: /no/such.p12}",
            "4:46: channels.de.authentication.keyStore: there is no file /no/such.p12"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void a_mistake_is_shown_where_it_is_and_without_the_secret(String authentication, String fault) {
    assertThat(faultsOf("authentication: " + authentication))
        .isEqualTo("subscriptions/acme.yaml:" + fault);
  }

  @Test
  void a_secret_parameter_is_a_placeholder_too() {
    assertThat(faultsOf("parameters: {token: s3cr3t}"))
        .isEqualTo(
            "subscriptions/acme.yaml:4:25: channels.de.parameters.token: must be one placeholder,"
                + " {{env:NAME}}, {{file:/path}} or a vault's: the secret itself does not belong"
                + " into this file");
  }

  @Test
  void a_kamelet_that_would_not_authenticate_its_calls_is_a_fault() throws IOException {
    Files.writeString(
        folder.resolve("shop.kamelet.yaml"), KAMELET.replace("#client/{{routeId}}", "#mine"));
    assertThat(faultsOf("authentication: {method: bearer, token: '{{env:KEY}}'}"))
        .isEqualTo(
            "subscriptions/acme.yaml:4:21: channels.de.authentication: the calls of shop can't be"
                + " authenticated; its Kamelet's endpoint needs the parameter httpClientConfigurer:"
                + " \"#client/{{routeId}}\"");
  }

  private String faultsOf(String line) {
    FaultyFilesException faulty =
        catchThrowableOfType(FaultyFilesException.class, () -> read(line));
    return faulty.getMessage().replace(folder + "/", "");
  }
}
