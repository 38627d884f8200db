package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every method of authentication, as a connector sees it. */
class AuthenticationIT {
  private static final String KEY = "k-äß 4711&=?/+\"key";
  private static final String OLD = "whsec_" + base64("old secret of thirty-two bytes!!");
  private static final String NEW = "whsec_" + base64("new secret of thirty-two bytes!!");

  private static final SecretFiles SECRETS =
      new SecretFiles()
          .with("key", KEY)
          .with("password", "pässword:1")
          .with("token", "tok-en.1_2~3+4/5==")
          .with("other-token", "other-token-of-another-account")
          .with("hmac", "hmac-secret")
          .with("old", OLD)
          .with("new", NEW);

  private static StubServer channel;
  private static TestHub hub;

  @BeforeAll
  static void start() {
    channel = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .accounts(
                "acme",
                account("none", "{method: none}"),
                account("header", "{method: apiKey, name: X-Key, key: '" + file("token") + "'}"),
                account("query", "{method: apiKey, in: query, name: 'key', key: '%s'}", "key")
                    .replace("/\"}", "/shop?a=b%20c\"}"),
                account("basic", "{method: basic, user: üser, password: '%s'}", "password"),
                account("bearer", "{method: bearer, token: '%s'}", "token"),
                account("other", "{method: bearer, token: '%s'}", "other-token"),
                account("hmac", "{method: hmac, secret: '%s'}", "hmac"),
                account(
                    "github",
                    "{method: hmac, secret: '%s', header: X-Hub-Signature, timestampHeader:"
                        + " X-Hub-Time, algorithm: sha512, encoding: base64, prefix: 'sha512='}",
                    "hmac"),
                account(
                    "webhooks",
                    "{method: standardWebhooks, secrets: ['" + file("new") + "', '%s']}",
                    "old"))
            .start();
  }

  private static String account(String channelName, String authentication, String... secret) {
    String filled = secret.length == 0 ? authentication : authentication.formatted(file(secret[0]));
    return TestHub.account(channelName, channel, "payload: reference", "authentication: " + filled);
  }

  private static String file(String secret) {
    return SECRETS.placeholder(secret);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @AfterAll
  static void stop() {
    hub.close();
    channel.close();
  }

  @BeforeEach
  void reset() {
    channel.behave(call -> Answer.of(200));
    channel.calls().clear();
  }

  private static Call delivered(String account) {
    hub.await(hub.submit(TestHub.job("acme", account, "product", "1")).get(0), "delivered");
    return channel.calls().get(channel.calls().size() - 1);
  }

  @Test
  void without_a_method_no_credentials_are_sent() {
    assertThat(delivered("none").header("Authorization")).isNull();
  }

  @Test
  void an_api_key_is_sent_in_its_header() {
    assertThat(delivered("header").header("X-Key")).isEqualTo("tok-en.1_2~3+4/5==");
  }

  @Test
  void an_api_key_joins_the_query_that_the_address_has() {
    Call call = delivered("query");
    assertThat(call.uri().getRawPath()).isEqualTo("/shop");
    assertThat(call.uri().getRawQuery()).startsWith("a=b+c&key="); // as Camel writes it
    assertThat(call.uri().getQuery()).isEqualTo("a=b+c&key=" + KEY);
  }

  @Test
  void user_and_password_are_sent_in_utf_8() {
    assertThat(delivered("basic").header("Authorization"))
        .isEqualTo("Basic " + base64("üser:pässword:1"));
  }

  @Test
  void a_bearer_token_is_sent() {
    assertThat(delivered("bearer").header("Authorization")).isEqualTo("Bearer tok-en.1_2~3+4/5==");
  }

  @Test
  void an_hmac_signs_timestamp_and_body() throws Exception {
    Call call = delivered("hmac");
    String signed = call.header("X-Timestamp") + "." + call.body();
    assertThat(call.header("X-Signature"))
        .isEqualTo(HexFormat.of().formatHex(mac("HmacSHA256", signed)));
    assertThat(Long.parseLong(call.header("X-Timestamp"))).isBetween(now() - 60, now() + 60);
  }

  @Test
  void algorithm_encoding_and_headers_of_an_hmac_can_be_chosen() throws Exception {
    Call call = delivered("github");
    String signed = call.header("X-Hub-Time") + "." + call.body();
    assertThat(call.header("X-Hub-Signature"))
        .isEqualTo("sha512=" + Base64.getEncoder().encodeToString(mac("HmacSHA512", signed)));
    assertThat(call.header("X-Signature")).isNull();
  }

  private static byte[] mac(String algorithm, String text) throws Exception {
    Mac mac = Mac.getInstance(algorithm);
    mac.init(new SecretKeySpec("hmac-secret".getBytes(StandardCharsets.UTF_8), algorithm));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static long now() {
    return java.time.Instant.now().getEpochSecond();
  }

  @Test
  void every_attempt_is_signed_anew_as_a_webhook_that_the_old_and_the_new_secret_verify()
      throws Exception {
    channel.behave(
        call ->
            channel.calls().size() == 1 ? Answer.of(503, "Retry-After", "1.1") : Answer.of(200));
    delivered("webhooks");
    List<Call> attempts = channel.calls();
    assertThat(attempts).hasSize(2);
    for (Call call : attempts) {
      HttpHeaders headers = HttpHeaders.of(call.headers(), (name, value) -> true);
      new Webhook(OLD).verify(call.body(), headers);
      new Webhook(NEW).verify(call.body(), headers);
      assertThat(call.header("webhook-id")).isEqualTo(call.header("Idempotency-Key"));
    }
    assertThat(attempts)
        .extracting(call -> call.header("webhook-id"))
        .containsOnly(attempts.get(0).header("webhook-id"));
    assertThat(attempts)
        .extracting(call -> call.header("webhook-timestamp"))
        .doesNotHaveDuplicates();
    assertThat(attempts)
        .extracting(call -> call.header("webhook-signature"))
        .doesNotHaveDuplicates();
  }

  @Test
  void accounts_with_the_same_address_share_no_credentials_cookies_or_connections() {
    channel.behave(
        call -> Answer.of(200, "Set-Cookie", "session=of-" + call.header("Authorization")));
    for (int i = 0; i < 3; i++) {
      delivered("bearer");
      delivered("other");
      delivered("none");
    }
    assertThat(channel.calls()).allMatch(call -> call.header("Cookie") == null);
    assertThat(channel.calls())
        .extracting(call -> String.valueOf(call.header("Authorization")))
        .startsWith("Bearer tok-en.1_2~3+4/5==", "Bearer other-token-of-another-account", "null")
        .hasSize(9);
    Set<Integer> ports = channel.calls().stream().map(Call::remotePort).collect(Collectors.toSet());
    assertThat(ports).hasSizeGreaterThanOrEqualTo(3);
    for (Call one : channel.calls()) {
      assertThat(channel.calls())
          .filteredOn(call -> call.remotePort() == one.remotePort())
          .extracting(call -> call.header("Egression-Channel"))
          .containsOnly(one.header("Egression-Channel"));
    }
  }
}
