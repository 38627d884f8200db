package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.egression.StubServer.Answer;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tokens of an OpenID Connect provider beside the hub's own keys. */
class OidcIT {
  private static final String ISSUER = "https://id.example.com/shops";
  private static ECKey key;
  private static StubServer provider;
  private static TestHub hub;

  @BeforeAll
  static void start() throws JOSEException {
    key = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    String keys = new JWKSet(key).toString(); // the public parts alone
    provider = new StubServer(call -> Answer.json(keys));
    hub =
        TestHub.prepare()
            .with("egression.oidc.issuer", ISSUER)
            .with("egression.oidc.audience", "egression")
            .with("egression.oidc.keys", provider.url() + "/keys")
            .accounts("acme", TestHub.account("shop", provider, "payload: reference"))
            .accounts("globex", TestHub.account("shop", provider, "payload: reference"))
            .start();
  }

  @AfterAll
  static void stop() {
    hub.close();
    provider.close();
  }

  private static JWTClaimsSet.Builder claims(String role, String... subscriptions) {
    return new JWTClaimsSet.Builder()
        .issuer(ISSUER)
        .audience("egression")
        .subject("pat")
        .expirationTime(Date.from(Instant.now().plus(Duration.ofMinutes(5))))
        .claim("egression_role", role)
        .claim("egression_subscriptions", List.of(subscriptions));
  }

  private static String signed(JWTClaimsSet claims, JWSHeader header, JWSSigner signer) {
    try {
      SignedJWT token = new SignedJWT(header, claims);
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String signed(JWTClaimsSet.Builder claims, ECKey with) {
    try {
      JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(key.getKeyID()).build();
      return signed(claims.build(), header, new ECDSASigner(with));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpResponse<String> ask(String token, String path) {
    return TestHub.send(request(token, path).build());
  }

  private static HttpRequest.Builder request(String token, String path) {
    return HttpRequest.newBuilder(hub.uri(path)).header("Authorization", "Bearer " + token);
  }

  private static HttpResponse<String> post(String token, String job) {
    return TestHub.send(
        request(token, "/v1/jobs")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(job))
            .build());
  }

  @Test
  void a_token_has_its_role_and_its_subscriptions() {
    String producer = signed(claims("producer", "acme"), key);
    HttpResponse<String> accepted = post(producer, TestHub.job("acme", "shop", "product", "own"));
    assertThat(accepted.statusCode()).isEqualTo(202);
    hub.await(hub.json(accepted).at("/jobs/0/id").asText(), "delivered");
    assertThat(post(producer, TestHub.job("globex", "shop", "product", "x")).statusCode())
        .isEqualTo(422);
    assertThat(ask(producer, "/v1/keys").statusCode()).isEqualTo(403);
    assertThat(ask(signed(claims("admin", "*"), key), "/v1/keys").statusCode()).isEqualTo(200);
    assertThat(
            post(signed(claims("viewer", "*"), key), TestHub.job("acme", "shop", "product", "v"))
                .statusCode())
        .isEqualTo(403);
  }

  @Test
  void the_hub_s_own_keys_are_valid_too() {
    assertThat(hub.get("/v1/overview").statusCode()).isEqualTo(200);
  }

  /**
   * One by one through the gate, for it stops reading a request while it waits for the provider.
   */
  @Test
  void a_large_body_comes_through_whole() {
    String ids =
        String.join(
            "\",\"",
            Stream.iterate(0, n -> n + 1)
                .limit(900)
                .map(n -> "an-object-with-a-long-name-" + n)
                .toList());
    String job =
        "{\"subscription\":\"acme\",\"channel\":\"shop\",\"source\":\"erp\",\"action\":\"update\",\"objectType\":\"product\",\"objectIds\":[\""
            + ids
            + "\"]}";
    String producer = signed(claims("producer", "acme"), key);
    HttpResponse<String> accepted = post(producer, job);
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    String id = hub.json(accepted).at("/jobs/0/id").asText();
    assertThat(hub.number("SELECT cardinality(object_ids) FROM job WHERE job_id = '" + id + "'"))
        .isEqualTo(900);
  }

  static Stream<Arguments> bad() throws JOSEException {
    ECKey foreign = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    byte[] shared = key.toPublicJWK().toString().getBytes(StandardCharsets.UTF_8);
    JWTClaimsSet good = claims("admin", "*").build();
    return Stream.of(
        Arguments.of("another issuer", changed(each -> each.issuer("https://id.example.com"))),
        Arguments.of("another audience", changed(each -> each.audience("shop"))),
        Arguments.of("no audience", changed(each -> each.audience((String) null))),
        Arguments.of("expired", changed(each -> each.expirationTime(ago(90)))),
        Arguments.of("never expires", changed(each -> each.expirationTime(null))),
        Arguments.of("not yet valid", changed(each -> each.notBeforeTime(ago(-120)))),
        Arguments.of("no subject", changed(each -> each.subject(null))),
        Arguments.of("no role", changed(each -> each.claim("egression_role", null))),
        Arguments.of("unknown role", changed(each -> each.claim("egression_role", "root"))),
        Arguments.of(
            "no subscriptions", changed(each -> each.claim("egression_subscriptions", null))),
        Arguments.of(
            "subscriptions that are no list",
            changed(each -> each.claim("egression_subscriptions", "*"))),
        Arguments.of("signed by another key", signed(claims("admin", "*"), foreign)),
        Arguments.of(
            "a subscription without a name",
            changed(each -> each.claim("egression_subscriptions", Arrays.asList("acme", null)))),
        Arguments.of(
            "signed with the public key as a shared secret",
            signed(
                good,
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(),
                new MACSigner(shared))),
        Arguments.of("not signed", new PlainJWT(good).serialize()),
        Arguments.of(
            "half a token", signed(claims("admin", "*"), key).replaceFirst("\\.[^.]*$", "")),
        Arguments.of("dots alone", "..."));
  }

  private static Date ago(int seconds) {
    return Date.from(Instant.now().minusSeconds(seconds));
  }

  private static String changed(UnaryOperator<JWTClaimsSet.Builder> change) {
    return signed(change.apply(claims("admin", "*")), key);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bad")
  void a_token_that_is_not_good_is_refused(String what, String token) {
    HttpResponse<String> answer = ask(token, "/v1/overview");
    assertThat(answer.statusCode()).as(what).isEqualTo(401);
    assertThat(answer.headers().firstValue("WWW-Authenticate")).isPresent();
  }

  @Test
  void what_is_missing_in_the_settings_is_named() {
    assertThat(faults(Map.of("egression.oidc.issuer", ISSUER)))
        .contains("egression.oidc.audience", "egression.oidc.keys");
    assertThat(faults(Map.of("egression.oidc.audience", "egression")))
        .contains("egression.oidc.audience: there is no egression.oidc.issuer");
  }

  private static String faults(Map<String, String> settings) {
    try {
      Settings.of(settings);
    } catch (Settings.InvalidSettingsException e) {
      return e.getMessage();
    }
    throw new AssertionError("these settings were taken");
  }
}
