package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A connector that tells all it was sent gives nothing away. */
class SecrecyIT {
  private static final SecretFiles SECRETS =
      new SecretFiles()
          .with("key", "kéy of=the&shop/\"1\"")
          .with("password", "passw0rd-of-acme")
          .with("token", "bearer-token-of-acme")
          .with("parameter", "kamelet-s-own-token")
          .with("hmac", "hmac-secret-of-acme")
          .with("webhook", "whsec_c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMhIQ==")
          .with("client", "client-secret-of-acme");

  private static final String ISSUED = "access-token-of-acme";

  /** Everything that is logged, as it would be printed. */
  private static final class Log extends AppenderBase<ILoggingEvent> {
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    @Override
    protected void append(ILoggingEvent event) {
      String fault =
          event.getThrowableProxy() == null
              ? ""
              : ThrowableProxyUtil.asString(event.getThrowableProxy());
      lines.add(event.getFormattedMessage() + fault);
    }
  }

  private static String file(String secret) {
    return "'" + SECRETS.placeholder(secret) + "'";
  }

  private static String account(StubServer channel, String name, String authentication) {
    return TestHub.account(
        name, channel, "payload: reference", "authentication: {method: " + authentication + "}");
  }

  /** With a parameter that is secret, which goes into a header. */
  private static String kamelet() {
    return shipped()
        .replace("name: http-connector", "name: token-connector")
        .replace(
            "    properties:\n", "    properties:\n      token: {type: string, format: password}\n")
        .replace(
            "        - to:\n",
            "        - setHeader: {name: X-Token, constant: \"{{token}}\"}\n        - to:\n");
  }

  @Test
  void no_secret_is_in_logs_the_ledger_or_the_api() {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Logger attempts = (Logger) LoggerFactory.getLogger("delivery.attempted");
    Log log = new Log();
    log.start();
    root.addAppender(log);
    attempts.setLevel(ch.qos.logback.classic.Level.INFO);
    StubServer gone = new StubServer(call -> Answer.of(200));
    gone.close();
    try (StubServer tokens =
            new StubServer(
                call ->
                    call.uri().getPath().equals("/wrong")
                        ? new Answer(
                            400,
                            Map.of(),
                            "{\"error\":\"invalid_client\",\"error_description\":\""
                                + call.body()
                                + "\"}")
                        : Answer.json("{\"access_token\":\"" + ISSUED + "\"}"));
        StubServer channel =
            new StubServer(
                call -> new Answer(422, Map.of(), call.uri() + " " + call.headers().toString()));
        TestHub hub =
            TestHub.prepare()
                .file("token-connector.kamelet.yaml", kamelet())
                .accounts(
                    "acme",
                    account(channel, "header", "apiKey, name: X, key: " + file("token")),
                    account(channel, "query", "apiKey, in: query, name: k, key: " + file("key")),
                    account(gone, "gone", "apiKey, in: query, name: k, key: " + file("key")),
                    account(channel, "basic", "basic, user: u, password: " + file("password")),
                    account(channel, "bearer", "bearer, token: " + file("token")),
                    account(channel, "hmac", "hmac, secret: " + file("hmac")),
                    account(
                        channel, "hooks", "standardWebhooks, secrets: [" + file("webhook") + "]"),
                    account(channel, "oauth", oauth2(tokens, "right")),
                    account(channel, "wrong", oauth2(tokens, "wrong")),
                    secretParameter("parameter", channel),
                    secretParameter("parameter-gone", gone))
                .start()) {
      List<String> ids = new ArrayList<>();
      for (String name :
          List.of("header", "query", "basic", "bearer", "hmac", "hooks", "oauth", "parameter")) {
        ids.add(hub.submit(TestHub.job("acme", name, "product", "1")).get(0));
      }
      ids.forEach(id -> hub.await(id, "dead"));
      for (String name : List.of("gone", "wrong", "parameter-gone")) {
        String id = hub.submit(TestHub.job("acme", name, "product", "1")).get(0);
        org.awaitility.Awaitility.await()
            .until(
                () ->
                    hub.job(id)
                        .path("waitsFor")
                        .path("text")
                        .asText()
                        .matches(".*(retry|invalid_client).*"));
        ids.add(id);
      }

      assertThat(channel.calls()).hasSize(8);
      assertThat(channel.calls())
          .anyMatch(call -> "kamelet-s-own-token".equals(call.header("X-Token")));
      StringBuilder all = new StringBuilder(dump(hub));
      ids.forEach(id -> all.append(hub.get("/v1/jobs/" + id).body()).append('\n'));
      all.append(hub.get("/v1/jobs?subscription=acme").body());
      all.append(hub.get("/v1/accounts").body()).append(hub.get("/v1/connectors").body());
      assertThat(all).contains("***");
      log.lines.forEach(line -> all.append(line).append('\n'));
      assertThat(all).contains("outcome=rejected");

      List<String> secrets = new ArrayList<>(SECRETS.values());
      secrets.add(ISSUED);
      secrets.add(Base64.getEncoder().encodeToString("u:passw0rd-of-acme".getBytes()));
      secrets.add("k%C3%A9y");
      secrets.add("c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMhIQ==");
      for (String secret : secrets) {
        assertThat(all.indexOf(secret)).as(secret).isNegative();
      }
    } finally {
      root.detachAppender(log);
      attempts.setLevel(null);
    }
  }

  private static String shipped() {
    try {
      return Files.readString(Path.of("connectors/http-connector.kamelet.yaml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void a_kamelet_that_cannot_be_used_is_named_without_the_secret_that_it_puts_into_an_address() {
    StubServer channel = new StubServer(call -> Answer.of(200));
    try (channel;
        TestHub hub =
            TestHub.prepare()
                .file(
                    "token-connector.kamelet.yaml",
                    kamelet().replace("uri: \"{{url}}\"", "uri: \"nosuch:{{token}}\""))
                .accounts("acme", secretParameter("parameter", channel))) {
      assertThatThrownBy(hub::start)
          .hasMessageContaining("account acme/parameter: connector token-connector cannot be used")
          .hasMessageContaining("nosuch")
          .hasMessageNotContaining("kamelet-s-own-token");
    }
  }

  private static String oauth2(StubServer tokens, String path) {
    return "oauth2ClientCredentials, clientId: c, clientIn: body, tokenUrl: '"
        + tokens.url()
        + "/"
        + path
        + "', clientSecret: "
        + file("client");
  }

  private static String secretParameter(String name, StubServer server) {
    return TestHub.account(name, server, "payload: reference")
        .replace("http-connector", "token-connector")
        .replace("/\"}", "/\", token: " + file("parameter") + "}");
  }

  private static String dump(TestHub hub) {
    StringBuilder all = new StringBuilder();
    String tables =
        hub.text("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'");
    for (String table : tables.split(",")) {
      all.append(hub.text("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM " + table + " t"));
    }
    return all.toString();
  }
}
