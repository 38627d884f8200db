package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestBroker;
import io.egression.TestHub;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Promise 4: never more calls than a policy allows, over all nodes and across restarts. How much of
 * it is used is measured in the benchmarks; the arithmetic is in PermitLedgerIT.
 */
class LimitsIT {
  private static final String STARTS =
      "SELECT count(*) FROM (SELECT started_at - lag(started_at, %d) OVER (ORDER BY started_at) AS d"
          + " FROM attempt) w WHERE d < interval '%s'";

  private final ConcurrentLinkedQueue<Long> arrivals = new ConcurrentLinkedQueue<>();

  @Test
  void no_period_has_more_calls_than_allowed_over_two_nodes_one_of_which_joins() {
    try (TestBroker broker = new TestBroker();
        StubServer shop = counting();
        TestHub hub =
            hub(shop, "limits: [{name: calls, permits: 50, per: 1s, margin: 4}]")
                .with("egression.broker.url", broker.url())
                .start()) {
      hub.submit(jobs("acme", "shop", 40, 5));
      try (TestHub other = hub.anotherNode().start()) {
        hub.awaitAllFinal(Duration.ofSeconds(60));
        assertThat(other.hub().reports()).isNotNull();
      }
      assertThat(hub.number("SELECT count(*) FROM job WHERE state = 'delivered'")).isEqualTo(200);
      assertNeverMore(hub, 50, "1s");
      assertNeverMoreAtServer(50, Duration.ofSeconds(1), Duration.ofMillis(20));
    }
  }

  @Test
  void a_restart_gets_no_fresh_burst() {
    try (StubServer shop = counting();
        TestHub hub =
            hub(shop, "limits: [{name: bucket, permits: 2, per: 1s, burst: 20}]").start()) {
      hub.submit(jobs("acme", "shop", 24, 1));
      await().until(() -> arrivals.size() >= 18);
      hub.stop();
      hub.start();
      hub.awaitAllFinal(Duration.ofSeconds(30));
      // In any period t: the burst and what two a second add.
      assertThat(
              hub.number(
                  "SELECT count(*) FROM (SELECT n, b - a AS t FROM ("
                      + "SELECT x.started_at AS a, y.started_at AS b,"
                      + " (SELECT count(*) FROM attempt z"
                      + "  WHERE z.started_at BETWEEN x.started_at AND y.started_at) AS n"
                      + " FROM attempt x JOIN attempt y ON y.started_at >= x.started_at) p) q"
                      + " WHERE n > 20 + 2 * extract(epoch FROM t) + 1"))
          .isZero();
    }
  }

  @Test
  void two_limits_hold_together() {
    try (StubServer shop = counting();
        TestHub hub =
            hub(
                    shop,
                    "limits: [{name: paced, permits: 20, per: 1s},"
                        + " {name: window, kind: window, permits: 30, per: 4s}]")
                .start()) {
      hub.submit(jobs("acme", "shop", 5, 10));
      hub.awaitAllFinal(Duration.ofSeconds(60));
      assertNeverMore(hub, 20, "1s");
      assertNeverMore(hub, 30, "4s");
    }
  }

  @Test
  void a_backlog_behind_a_limit_costs_as_little_as_a_few_jobs() {
    try (TestBroker broker = new TestBroker();
        StubServer shop = counting();
        TestHub hub =
            hub(shop, "limits: [{name: calls, permits: 10, per: 1s, scope: account}]")
                .accounts(
                    "acme",
                    TestHub.account("shop", shop, "payload: reference", "partitionBy: object"),
                    TestHub.account("free", shop, "payload: reference"))
                .with("egression.broker.url", broker.url())
                .start()) {
      hub.post("/v1/accounts/acme/shop/pause", "");
      for (int i = 0; i < 10; i++) {
        hub.submit(jobs("acme", "shop", 1000, 1, i * 1000));
      }
      hub.post("/v1/accounts/acme/shop/resume", "");
      await().until(() -> delivered(hub) >= 40);
      long added = broker.added("egression.connector.http-connector");
      assertThat(added).as("messages").isLessThanOrEqualTo(2 * (delivered(hub) + 16) + 16);
      assertThat(hub.number("SELECT count(*) FROM lane WHERE limited IS NOT NULL"))
          .as("lanes that have been touched")
          .isLessThanOrEqualTo(32);
      String other = hub.submit(TestHub.job("acme", "free", "product", "1")).get(0);
      assertThat(hub.await(other, "delivered").get("limits").asInt())
          .as("another account's limit is its own")
          .isZero();
    }
  }

  @Test
  void a_limit_of_some_types_does_not_delay_the_others() {
    try (StubServer shop = counting();
        TestHub hub =
            hub(shop, "limits: [{name: feeds, permits: 1, per: 60s, objectTypes: [feed]}]")
                .accounts(
                    "acme",
                    TestHub.account("shop", shop, "payload: reference", "partitionBy: object"))
                .start()) {
      StringBuilder feeds = new StringBuilder("[");
      for (int i = 0; i < 60; i++) {
        feeds.append(i == 0 ? "" : ",").append(TestHub.job("acme", "shop", "feed", "f" + i));
      }
      List<String> waiting = hub.submit(feeds.append("]").toString());
      await().until(() -> hub.number("SELECT count(*) FROM lane WHERE limited = 'some'") == 59);
      List<String> others = hub.submit(jobs("acme", "shop", 20, 1));
      others.forEach(job -> hub.await(job, "delivered"));
      JsonNode waits = hub.job(waiting.get(59)).get("waitsFor");
      assertThat(waits.get("kind").asText()).isEqualTo("limit");
      assertThat(waits.get("text").asText())
          .isEqualTo(
              "waits for its turn: limited: the limit of http-connector, feeds: 1 call per 1m");
      assertThat(waits.has("until")).isTrue();
    }
  }

  @Test
  void so_many_calls_at_once_and_no_more() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger mostOfOne = new AtomicInteger();
    AtomicInteger ofOne = new AtomicInteger();
    try (StubServer shop =
            new StubServer(
                call -> {
                  boolean one = call.header("Egression-Channel").equals("one");
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  if (one) {
                    mostOfOne.accumulateAndGet(ofOne.incrementAndGet(), Math::max);
                  }
                  java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
                  if (one) {
                    ofOne.decrementAndGet();
                  }
                  now.decrementAndGet();
                  return Answer.of(200);
                });
        TestHub hub =
            TestHub.prepare()
                .file("http-connector.connector.yaml", "concurrency: {account: 2, connector: 3}")
                .accounts(
                    "acme",
                    TestHub.account("one", shop, "payload: reference", "partitionBy: object"),
                    TestHub.account("two", shop, "payload: reference", "partitionBy: object"))
                .start()) {
      hub.submit(jobs("acme", "one", 40, 1));
      hub.submit(jobs("acme", "two", 40, 1));
      hub.awaitAllFinal(Duration.ofSeconds(60));
      assertThat(mostOfOne).hasValue(2);
      assertThat(most).hasValue(3);
    }
  }

  @Test
  void after_a_429_the_account_is_not_called_until_the_vendor_said_and_the_others_are() {
    AtomicBoolean refused = new AtomicBoolean();
    List<String> calls = new ArrayList<>();
    try (StubServer shop =
            new StubServer(
                call -> {
                  String channel = call.header("Egression-Channel");
                  synchronized (calls) {
                    calls.add(channel);
                  }
                  return channel.equals("one") && refused.compareAndSet(false, true)
                      ? Answer.of(429, "Retry-After", "3600")
                      : Answer.of(200);
                });
        TestHub hub =
            TestHub.prepare()
                .accounts(
                    "acme",
                    TestHub.account("one", shop, "payload: reference", "partitionBy: object"),
                    TestHub.account("two", shop, "payload: reference", "partitionBy: object"))
                .start()) {
      String first = hub.submit(TestHub.job("acme", "one", "product", "0")).get(0);
      await().until(() -> paused(hub, "one"));
      List<String> ones = hub.submit(jobs("acme", "one", 20, 1));
      List<String> twos = hub.submit(jobs("acme", "two", 20, 1));
      twos.forEach(job -> hub.await(job, "delivered"));
      synchronized (calls) {
        assertThat(calls).filteredOn("one"::equals).hasSize(1);
      }
      JsonNode waits = hub.job(ones.get(19)).get("waitsFor");
      assertThat(waits.get("text").asText())
          .isEqualTo("the account is paused: throttled: status 429");
      assertThat(waits.has("until")).isTrue();
      hub.post("/v1/accounts/acme/one/resume", "");
      ones.forEach(job -> hub.await(job, "delivered"));
      assertThat(hub.job(first).get("throttles").asInt()).isEqualTo(1);
    }
  }

  @Test
  void wrong_credentials_stop_the_account_at_once_and_nothing_is_lost() {
    AtomicBoolean wrong = new AtomicBoolean(true);
    try (StubServer shop =
            new StubServer(
                call -> {
                  arrivals.add(System.nanoTime());
                  return Answer.of(wrong.get() ? 401 : 200);
                });
        TestHub hub =
            TestHub.prepare()
                .accounts("acme", TestHub.account("shop", shop, "payload: reference"))
                .start()) {
      List<String> jobs = hub.submit(jobs("acme", "shop", 1, 10));
      await().until(() -> paused(hub, "shop"));
      await().until(() -> hub.number("SELECT count(*) FROM lane WHERE state = 'ready'") == 1);
      assertThat(arrivals).hasSize(1);
      assertThat(hub.job(jobs.get(0)).get("waitsFor").get("text").asText())
          .isEqualTo(
              "the account is paused until an operator resumes it: status 401: are its credentials"
                  + " right?");
      wrong.set(false);
      hub.post("/v1/accounts/acme/shop/resume", "");
      jobs.forEach(job -> hub.await(job, "delivered"));
      assertThat(arrivals).hasSize(11);
    }
  }

  @Test
  void an_answer_that_says_no_call_is_left_is_the_last_until_the_reset() {
    try (StubServer shop =
            new StubServer(
                call -> {
                  arrivals.add(System.nanoTime());
                  return new Answer(200, java.util.Map.of("RateLimit", "\"day\";r=0;t=3600"), "{}");
                });
        TestHub hub =
            TestHub.prepare()
                .accounts("acme", TestHub.account("shop", shop, "payload: reference"))
                .start()) {
      List<String> jobs = hub.submit(jobs("acme", "shop", 1, 5));
      hub.await(jobs.get(0), "delivered");
      await().until(() -> paused(hub, "shop"));
      assertThat(hub.job(jobs.get(1)).get("waitsFor").get("text").asText())
          .isEqualTo("the account is paused: the connector says that no call is left");
      assertThat(arrivals).hasSize(1);
    }
  }

  @Test
  void a_breaker_stops_an_account_that_fails_and_lets_one_call_try_whether_it_works_again() {
    AtomicBoolean broken = new AtomicBoolean(true);
    try (StubServer shop =
            new StubServer(
                call -> {
                  arrivals.add(System.nanoTime());
                  return Answer.of(broken.get() ? 500 : 200);
                });
        TestHub hub =
            TestHub.prepare()
                .file(
                    "http-connector.connector.yaml",
                    "breaker: {failures: 0.5, of: 10, pause: 1s}\nretry: {first: 1h, most: 1h}\n")
                .accounts(
                    "acme",
                    TestHub.account("shop", shop, "payload: reference", "partitionBy: object"))
                .start()) {
      hub.submit(jobs("acme", "shop", 100, 1));
      await().until(() -> paused(hub, "shop"));
      int before = arrivals.size();
      assertThat(before).as("the window of runs under way aside").isLessThanOrEqualTo(10 + 16);
      assertThat(hub.get("/v1/accounts").body())
          .contains("circuit breaker:")
          .contains("of the last 10 calls failed");
      await().until(() -> arrivals.size() == before + 1);
      broken.set(false);
      await().until(() -> delivered(hub) >= 100 - before - 5);
      assertThat(hub.number("SELECT count(*) FROM account WHERE probing")).isZero();
    }
  }

  private static boolean paused(TestHub hub, String channel) {
    return hub.number(
            "SELECT count(*) FROM account WHERE paused_until > now() AND channel = '"
                + channel
                + "'")
        == 1;
  }

  private static long delivered(TestHub hub) {
    return hub.number("SELECT count(*) FROM job WHERE state = 'delivered'");
  }

  private StubServer counting() {
    return new StubServer(
        call -> {
          arrivals.add(System.nanoTime());
          return Answer.of(200);
        });
  }

  private static TestHub hub(StubServer shop, String policy) {
    return TestHub.prepare()
        .file("http-connector.connector.yaml", policy)
        .accounts("acme", TestHub.account("shop", shop, "payload: reference"));
  }

  private static String jobs(String subscription, String channel, int keys, int each) {
    return jobs(subscription, channel, keys, each, 0);
  }

  private static String jobs(String subscription, String channel, int keys, int each, int first) {
    StringBuilder jobs = new StringBuilder("[");
    for (int i = 0; i < keys * each; i++) {
      String key = "\"partitionKey\":\"k" + (first + i % keys) + "\"";
      jobs.append(i == 0 ? "" : ",")
          .append(TestHub.job(subscription, channel, "product", "p" + (first + i), key));
    }
    return jobs.append("]").toString();
  }

  /** By the times at which the hub began its calls. */
  private static void assertNeverMore(TestHub hub, int most, String period) {
    assertThat(hub.number(STARTS.formatted(most, period)))
        .as("calls that were too many in " + period)
        .isZero();
  }

  private void assertNeverMoreAtServer(int most, Duration period, Duration skew) {
    List<Long> at = arrivals.stream().sorted().toList();
    for (int i = most; i < at.size(); i++) {
      assertThat(at.get(i) - at.get(i - most)).isGreaterThan(period.minus(skew).toNanos());
    }
  }
}
