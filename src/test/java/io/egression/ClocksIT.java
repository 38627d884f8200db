package io.egression;

import static java.time.ZoneOffset.UTC;
import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Whatever the machines' clocks say, the hub goes by one time: the database's. */
class ClocksIT {
  private static final Duration MINUTE = Duration.ofSeconds(60);

  /**
   * How late a call may come: this machine is busy, and a clock that is wrong is so by much more.
   */
  private static final Duration LATE = Duration.ofSeconds(20);

  private static final int OF_EACH = 20;

  private static final int HALF_A_DAY = 43_200;

  /** When which object was called; this test's clock is the database's. */
  private final Map<String, List<Instant>> calls = new ConcurrentHashMap<>();

  /** Not before when the object's last call may come. */
  private final Map<String, Instant> due = new ConcurrentHashMap<>();

  private final List<String> ordered = new CopyOnWriteArrayList<>();
  private final CountDownLatch inCall = new CountDownLatch(2);
  private final CountDownLatch goOn = new CountDownLatch(1);

  @Test
  void nodes_whose_clocks_are_two_minutes_apart_keep_leases_schedules_retries_and_order()
      throws Exception {
    try (StubServer channel = new StubServer(this::answer);
        TestCluster cluster =
            new TestCluster(channel, "payload: reference", "partitionBy: object", "window: 40")) {
      cluster.startNodesWithWrongClocks(MINUTE, MINUTE.negated());
      assertThat(clockError(cluster.output(0))).isBetween(45L, 60L); // a line is some seconds old
      assertThat(clockError(cluster.output(1))).isBetween(-75L, -60L);

      submitHanging(cluster);
      List<String> inOrder = submitOrdered(cluster);
      submitLater(cluster);
      List.of("date", "seconds", "error").forEach(kind -> submitOfEach(cluster, kind));
      inCall.await();
      await().atMost(Duration.ofSeconds(60)).until(() -> cluster.open() == 2);

      assertThat(due).hasSize(4 * OF_EACH);
      due.forEach(this::assertCalledWhenDue);
      assertThat(ordered).isEqualTo(inOrder);
      assertThat(cluster.number("SELECT count(DISTINCT node_id) FROM attempt"))
          .as("nodes that took part")
          .isEqualTo(2);
      assertLeasesHold(cluster);
      goOn.countDown();
      await().until(() -> cluster.open() == 0);
      assertThat(cluster.number("SELECT count(*) FROM attempt WHERE outcome = 'lost'")).isZero();
    }
  }

  private Answer answer(StubServer.Call call) throws InterruptedException {
    String object = call.objectId();
    List<Instant> before = calls.computeIfAbsent(object, o -> new CopyOnWriteArrayList<>());
    Instant now = Instant.now();
    before.add(now);
    String kind = object.replaceFirst("-.*", "");
    if (kind.equals("ordered")) {
      ordered.add(call.header("Egression-Job"));
    } else if (kind.equals("hangs")) {
      inCall.countDown();
      goOn.await();
    }
    return before.size() > 1 ? Answer.of(200) : first(kind, object, now);
  }

  private Answer first(String kind, String object, Instant now) {
    switch (kind) {
      case "date":
        Instant date = now.plusSeconds(3).truncatedTo(ChronoUnit.SECONDS);
        due.put(object, date);
        return Answer.of(503, "Retry-After", RFC_1123_DATE_TIME.format(date.atZone(UTC)));
      case "seconds":
        due.put(object, now.plusSeconds(2));
        return Answer.of(429, "Retry-After", "2");
      case "error":
        due.put(object, now.plusMillis(800)); // the policy's second, less its jitter
        return Answer.of(500);
      default:
        return Answer.of(200);
    }
  }

  private static void submitHanging(TestCluster cluster) {
    cluster.submit(TestHub.job("acme", "shop", "product", "hangs-1"));
    cluster.submit(TestHub.job("acme", "shop", "product", "hangs-2"));
  }

  /** One key's jobs, handed to each node in turn. */
  private static List<String> submitOrdered(TestCluster cluster) {
    List<String> jobs = new ArrayList<>();
    for (int i = 0; i < OF_EACH; i++) {
      jobs.addAll(cluster.submit(TestHub.job("acme", "shop", "product", "ordered-1")));
    }
    return jobs;
  }

  private void submitLater(TestCluster cluster) {
    for (int i = 0; i < OF_EACH; i++) {
      Instant at = Instant.now().plusSeconds(3).truncatedTo(ChronoUnit.MILLIS);
      due.put("later-" + i, at);
      cluster.submit(
          TestHub.job("acme", "shop", "product", "later-" + i, "\"notBefore\":\"" + at + "\""));
    }
  }

  private static void submitOfEach(TestCluster cluster, String kind) {
    for (int i = 0; i < OF_EACH; i++) {
      cluster.submit(TestHub.job("acme", "shop", "product", kind + "-" + i));
    }
  }

  private void assertCalledWhenDue(String object, Instant at) {
    List<Instant> called = calls.get(object);
    assertThat(called).as(object).hasSize(object.startsWith("later") ? 1 : 2);
    assertThat(called.get(called.size() - 1)).as(object).isBetween(at, at.plus(LATE));
  }

  /** A sweep would take nothing: what either node says of its lease is right for the other. */
  private static void assertLeasesHold(TestCluster cluster) {
    assertThat(cluster.strings("SELECT extract(epoch FROM lease_until - now()) FROM node"))
        .as("seconds for which each node's lease still holds")
        .hasSize(2)
        .allSatisfy(left -> assertThat(Double.parseDouble(left)).isBetween(25.0, 40.0));
    assertThat(cluster.number("SELECT count(*) FROM lane WHERE state = 'running'")).isEqualTo(2);
    assertThat(cluster.freeLost()).isZero();
  }

  /** By how many seconds the time of the node's last line in its log is wrong. */
  private static long clockError(List<String> output) {
    LocalTime said =
        output.stream()
            .filter(line -> line.matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} .*"))
            .reduce((first, second) -> second)
            .map(line -> LocalTime.parse(line.substring(0, 12)))
            .orElseThrow();
    long seconds = said.toSecondOfDay() - LocalTime.now(ZoneId.systemDefault()).toSecondOfDay();
    return Math.floorMod(seconds + HALF_A_DAY, 2 * HALF_A_DAY) - HALF_A_DAY;
  }

  @Test
  void a_node_that_cannot_tell_the_time_within_100_ms_is_not_ready_and_starts_no_call()
      throws Exception {
    TestHub hub = TestHub.prepare();
    URI url = URI.create(hub.setting("egression.database.url").substring("jdbc:".length()));
    try (StubServer channel = new StubServer(call -> Answer.of(200));
        FaultyProxy database = new FaultyProxy(url.getPort());
        hub) {
      hub.with(
              "egression.database.url",
              "jdbc:postgresql://127.0.0.1:" + database.port() + url.getPath())
          .accounts("acme", TestHub.account("shop", channel, "payload: reference"))
          .start();
      assertThat(hub.get("/health").statusCode()).isEqualTo(200);

      database.slow(Duration.ofMillis(250)); // a reading may be wrong by half of it
      await().until(() -> hub.get("/health").statusCode() == 503);
      String job = hub.submit(TestHub.job("acme", "shop", "product", "1")).get(0);
      await()
          .during(Duration.ofSeconds(5))
          .atMost(Duration.ofSeconds(20))
          .until(() -> channel.calls().isEmpty());
      assertThat(hub.job(job).get("attempts")).isEmpty();

      database.heal();
      hub.await(job, "delivered");
      assertThat(hub.get("/health").statusCode()).isEqualTo(200);
    }
  }
}
