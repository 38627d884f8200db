package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.connector.Authentication.OAuth2;
import io.egression.connector.Secret;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A real token endpoint, and a time that the test decides. */
class TokenSourceTest {
  private static final class SetClock extends Clock {
    private volatile Instant now = Instant.EPOCH.plusSeconds(1_000_000);

    @Override
    public Instant instant() {
      return now;
    }

    void pass(Duration time) {
      now = now.plus(time);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private final AtomicInteger number = new AtomicInteger();
  private final StubServer server = new StubServer(call -> token(100));
  private final CallDeadlines deadlines = new CallDeadlines();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final SetClock clock = new SetClock();
  private final TokenSource source = source(null, Duration.ofSeconds(30));

  private TokenSource source(Secret refreshToken, Duration total) {
    OAuth2 account =
        new OAuth2(
            URI.create(server.url() + "/token"),
            new OAuth2.Client("client", new Secret("s3cr3t"), false),
            List.of(),
            refreshToken);
    return new TokenSource(
        account,
        new TokenEndpoint(account, deadlines, total, clock),
        threads,
        clock,
        new Random(1));
  }

  private Answer token(int seconds) {
    return Answer.json(
        "{\"access_token\":\"t%d\",\"expires_in\":%d}"
            .formatted(number.incrementAndGet(), seconds));
  }

  @AfterEach
  void stop() {
    server.close();
    threads.shutdownNow();
    deadlines.close();
  }

  private String awaitToken(TokenSource from) {
    return Awaitility.await()
        .ignoreException(UndeliverableException.class)
        .until(() -> from.get().value(), value -> true);
  }

  @Test
  void a_token_is_kept_until_shortly_before_its_end() {
    assertThat(awaitToken(source)).isEqualTo("t1");
    clock.pass(Duration.ofSeconds(79));
    assertThat(source.get().value()).isEqualTo("t1");
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void while_a_new_token_is_fetched_the_old_one_is_still_used() {
    awaitToken(source);
    CountDownLatch latch = new CountDownLatch(1);
    server.behave(
        call -> {
          latch.await();
          return token(100);
        });
    clock.pass(Duration.ofSeconds(85));
    assertThat(source.get().value()).isEqualTo("t1");
    assertThat(source.get().value()).isEqualTo("t1");
    latch.countDown();
    Awaitility.await().until(() -> source.get().value().equals("t2"));
    assertThat(server.calls()).hasSize(2);
  }

  @Test
  void an_old_token_is_not_used_beyond_its_end_even_if_there_is_no_other() {
    awaitToken(source);
    server.behave(call -> Answer.of(500));
    clock.pass(Duration.ofSeconds(85));
    assertThat(source.get().value()).isEqualTo("t1");
    Awaitility.await().until(() -> server.calls().size() == 2);
    clock.pass(Duration.ofMillis(14_000));
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThatThrownBy(source::get)
                    .isInstanceOf(UndeliverableException.class)
                    .hasMessageContaining("status 500"));
  }

  @Test
  void a_token_whose_life_is_nothing_is_not_fetched_for_every_call() {
    server.behave(call -> token(0));
    awaitToken(source);
    clock.pass(Duration.ofSeconds(5));
    source.get();
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void a_slow_endpoint_is_given_up_at_its_deadline() {
    TokenSource impatient = source(null, Duration.ofMillis(300));
    CountDownLatch latch = new CountDownLatch(1);
    server.behave(
        call -> {
          latch.await();
          return token(100);
        });
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThatThrownBy(impatient::get)
                    .hasMessage("token endpoint: no answer: timeout"));
    latch.countDown();
  }

  @Test
  void after_a_replaced_refresh_token_is_refused_the_account_s_is_tried_once_more() {
    TokenSource refreshing = source(new Secret("first"), Duration.ofSeconds(30));
    server.behave(
        call ->
            call.body().contains("=next")
                ? new Answer(400, java.util.Map.of(), "{\"error\":\"invalid_grant\"}")
                : Answer.json(
                    "{\"access_token\":\"t%d\",\"expires_in\":100,\"refresh_token\":\"next\"}"
                        .formatted(number.incrementAndGet())));
    assertThat(awaitToken(refreshing)).isEqualTo("t1");
    clock.pass(Duration.ofSeconds(200));
    Awaitility.await()
        .untilAsserted(
            () -> assertThatThrownBy(refreshing::get).hasMessageContaining("invalid_grant"));
    clock.pass(Duration.ofSeconds(2));
    assertThat(awaitToken(refreshing)).isEqualTo("t2");
  }

  @Test
  void what_is_wrong_is_told_once_and_asked_again_after_a_while() {
    server.behave(call -> Answer.of(401));
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThatThrownBy(source::get)
                    .hasMessageContaining("are the account's credentials right?"));
    assertThatThrownBy(source::get).hasMessage("token endpoint: status 401");
    assertThat(server.calls()).hasSize(1);
    server.behave(call -> token(100));
    clock.pass(Duration.ofSeconds(2));
    assertThat(awaitToken(source)).isEqualTo("t1");
  }

  @Test
  void an_endless_answer_is_not_read_to_its_end() {
    server.behave(call -> new Answer(200, java.util.Map.of(), "[" + " ".repeat(10_000_000)));
    Awaitility.await()
        .untilAsserted(
            () -> assertThatThrownBy(source::get).hasMessageContaining("not a JSON object"));
  }
}
