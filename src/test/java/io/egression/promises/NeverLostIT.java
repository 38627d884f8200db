package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestCluster;
import io.egression.TestHub;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Promises 1 and 5: kill a node, the broker or the database at any instant; every accepted job
 * still reaches a final state, and is called twice only if its call was in flight at a node's kill.
 */
class NeverLostIT {
  private static final int JOBS = Integer.getInteger("egression.soak.jobs", 5000);
  private static final String LETTERS_DUE = "SELECT count(*) FROM job WHERE letter_due";
  private static final String END_WAITING =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  private static final int KEYS = 100;

  /** So many that each of three nodes has some. */
  private static final int LETTERS = 40;

  private static final int KILLS = Integer.getInteger("egression.soak.kills", 6);

  /** Calls answered but not recorded yet when the node died: some 20 ms of them, generously. */
  private static final Duration UNRECORDED = Duration.ofSeconds(1);

  /** A killed database is back, and what was kept for it recorded, within this time. */
  private static final Duration OUTAGE = Duration.ofSeconds(20);

  private final long seed = Long.getLong("egression.seed", System.nanoTime());
  private final CallLog log = new CallLog();
  private final List<Long> nodeKills = new CopyOnWriteArrayList<>();
  private final List<Long> databaseKills = new CopyOnWriteArrayList<>();

  @Test
  void every_accepted_job_is_delivered_or_has_its_dead_letter_whatever_is_killed()
      throws Exception {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    try (StubServer channel = new StubServer(this::answer);
        TestCluster cluster = new TestCluster(channel, "payload: reference")) {
      cluster.startNodes(3);
      Thread killer = new Thread(() -> killAtRandom(cluster, random));
      killer.start();
      Set<String> accepted = submitAll(cluster);
      killer.join();
      await().atMost(Duration.ofSeconds(150)).until(() -> cluster.open() == 0);

      assertThat(accepted).hasSize(JOBS);
      assertThat(cluster.number("SELECT count(*) FROM job")).isEqualTo(JOBS);
      Set<String> dead = cluster.strings("SELECT job_id::text FROM job WHERE state = 'dead'");
      assertThat(cluster.number("SELECT count(*) FROM job WHERE state = 'delivered'"))
          .isEqualTo(JOBS - dead.size());
      assertThat(dead).isNotEmpty();
      assertCalls(accepted);
      log.assertPlacesRise();
      await()
          .atMost(Duration.ofSeconds(100)) // what a kill kept back is the sweep's
          .untilAsserted(
              () -> assertThat(cluster.number(LETTERS_DUE)).as("letters not sent").isZero());
      assertThat(cluster.letters()).containsExactlyInAnyOrderElementsOf(dead);
    }
  }

  private Answer answer(StubServer.Call call) {
    log.add(call);
    return Answer.of(call.objectId().endsWith("0") && call.objectId().length() > 4 ? 422 : 200);
  }

  private void assertCalls(Set<String> accepted) {
    Map<String, List<CallLog.Entry>> byJob = log.byJob();
    assertThat(byJob.keySet()).isEqualTo(accepted);
    byJob.forEach(
        (job, calls) -> {
          assertThat(calls).allMatch(call -> call.idempotencyKey().equals(job));
          if (calls.size() > 1) {
            assertThat(nodeKills)
                .as("job %s was called %d times without a kill", job, calls.size())
                .anyMatch(kill -> isJustBefore(calls.get(0).nanos(), kill));
          }
        });
  }

  /** Answers are recorded at once, or, if the database was just killed, when it is back. */
  private boolean isJustBefore(long call, long kill) {
    boolean atTheKill = Math.abs(kill - call) < UNRECORDED.toNanos();
    return atTheKill
        || databaseKills.stream()
            .anyMatch(
                outage ->
                    call > outage - UNRECORDED.toNanos()
                        && call < kill
                        && kill - outage < OUTAGE.toNanos());
  }

  /** Hands the jobs over in requests of 50, repeating what was not answered with the same key. */
  private Set<String> submitAll(TestCluster cluster) {
    Set<String> ids = new HashSet<>();
    for (int from = 0; from < JOBS; from += 50) {
      List<String> jobs = new ArrayList<>();
      for (int i = from; i < from + 50; i++) {
        jobs.add(
            TestHub.job(
                "acme",
                "shop",
                "product",
                "p" + i,
                "\"partitionKey\":\"k" + i % KEYS + "\"",
                "\"idempotencyKey\":\"" + i + "\""));
      }
      ids.addAll(cluster.submit("[" + String.join(",", jobs) + "]"));
    }
    return ids;
  }

  private void killAtRandom(TestCluster cluster, Random random) {
    for (int i = 0; i < KILLS; i++) {
      pause(500 + random.nextInt(2500));
      switch (i % 3) {
        case 0 -> {
          nodeKills.add(System.nanoTime());
          cluster.killNode(random.nextInt(3));
          nodeKills.add(System.nanoTime());
        }
        case 1 -> cluster.killBroker();
        default -> {
          databaseKills.add(System.nanoTime());
          cluster.killDatabase();
        }
      }
    }
  }

  private static void pause(int millis) {
    await().pollDelay(Duration.ofMillis(millis)).until(() -> true);
  }

  @Test
  void every_dead_job_has_one_letter_also_if_the_kill_falls_between_its_commits() throws Exception {
    try (StubServer channel = new StubServer(call -> Answer.of(422));
        TestCluster cluster =
            new TestCluster(
                channel, "payload: reference", "partitionBy: object", "window: " + LETTERS)) {
      cluster.startNodesWithRoute(
          "dead-letter",
          List.of(
              route -> stalledBefore("- to: bean:letters?method=write", route),
              route -> stalledBefore("- to:\n                  uri: jms", route),
              route -> stalledBefore("- to: bean:letters?method=sent", route)));
      List<String> jobs = new ArrayList<>();
      for (int i = 0; i < LETTERS; i++) {
        jobs.add(TestHub.job("acme", "shop", "product", "p" + i));
      }
      List<String> dead = cluster.submit("[" + String.join(",", jobs) + "]");
      await().atMost(Duration.ofSeconds(30)).until(() -> cluster.open() == 0);
      await().untilAsserted(() -> assertKillComesBetween(cluster));
      cluster.killNodes();

      cluster.startNodes(1);
      // It is a minute until a letter that was being sent may be taken by somebody else.
      cluster.execute("UPDATE job SET letter_taken = letter_taken - interval '1 minute'");
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> assertThat(cluster.number(LETTERS_DUE)).as("letters not sent").isZero());
      assertThat(cluster.letters()).containsExactlyInAnyOrderElementsOf(dead);
    }
  }

  @Test
  void a_kill_repeats_at_most_the_last_call_of_a_key() throws Exception {
    List<String> before = new ArrayList<>();
    List<String> after = callsBeforeAndAfterAKill(before);
    assertThat(before).containsExactly("a");
    assertThat(after).containsExactly("a", "b", "c");
  }

  @Test
  void a_kill_repeats_in_their_order_the_calls_not_yet_written() throws Exception {
    List<String> before = new ArrayList<>();
    List<String> after = callsBeforeAndAfterAKill(before, "writeBehind: 999ms");
    assertThat(List.of("a", "b", "c")).startsWith(before.toArray(String[]::new));
    assertThat(after).containsExactly("a", "b", "c");
    assertThat(log.byJob().values())
        .allSatisfy(
            calls ->
                assertThat(calls)
                    .extracting(CallLog.Entry::idempotencyKey)
                    .containsOnly(calls.get(0).idempotencyKey()));
  }

  /** Nothing is recorded any more from the first call to the kill. */
  private List<String> callsBeforeAndAfterAKill(List<String> before, String... settings)
      throws Exception {
    List<String> called = new CopyOnWriteArrayList<>();
    AtomicReference<Connection> lock = new AtomicReference<>();
    String[] account =
        Stream.concat(Stream.of("payload: reference"), Stream.of(settings)).toArray(String[]::new);
    try (StubServer channel = new StubServer(call -> Answer.of(200));
        TestCluster cluster = new TestCluster(channel, account)) {
      channel.behave(
          call -> {
            log.add(call);
            called.add(call.objectId());
            if (lock.get() == null) {
              lock.set(cluster.lock("SELECT FROM lane FOR UPDATE"));
            }
            return Answer.of(200);
          });
      cluster.startNodes(1);
      List<String> jobs = new ArrayList<>();
      for (String object : List.of("a", "b", "c")) {
        jobs.add(TestHub.job("acme", "shop", "product", object));
      }
      cluster.submit("[" + String.join(",", jobs) + "]");
      await().until(() -> !called.isEmpty());
      await()
          .pollDelay(Duration.ofSeconds(2))
          .until(() -> true); // as many as may go on have been called
      cluster.killNodes();
      cluster.strings(END_WAITING); // what it had sent to the database dies with it
      lock.get().close();
      cluster.execute("UPDATE node SET lease_until = now()"); // its 40 s are over
      assertThat(cluster.freeLost()).isEqualTo(1);
      before.addAll(called);
      called.clear();

      cluster.startNodes(1);
      await().atMost(Duration.ofSeconds(30)).until(() -> cluster.open() == 0);
      return List.copyOf(called);
    }
  }

  private static String stalledBefore(String step, String route) {
    int at = route.indexOf(step);
    String indent = " ".repeat(at - route.lastIndexOf('\n', at) - 1);
    String stall = "- delay:\n%1$s    expression:\n%1$s      constant: 3600000\n%1$s";
    return route.substring(0, at) + stall.formatted(indent) + route.substring(at);
  }

  /** Letters not taken yet, taken and not sent, sent and not noted: some of each, and no other. */
  private static void assertKillComesBetween(TestCluster cluster) throws Exception {
    assertThat(cluster.number(LETTERS_DUE)).isEqualTo(LETTERS);
    long taken = cluster.number(LETTERS_DUE + " AND letter_taken IS NOT NULL");
    assertThat(taken).isPositive().isLessThan(LETTERS);
    assertThat((long) cluster.letters().size()).isPositive().isLessThan(taken);
  }

  @Test
  void a_frozen_node_s_work_goes_on_elsewhere_within_a_minute_and_is_not_continued_by_it()
      throws Exception {
    try (StubServer channel =
            new StubServer(
                call -> {
                  log.add(call);
                  return Answer.of(200);
                });
        TestCluster cluster = new TestCluster(channel, "payload: reference")) {
      cluster.startNodes(1);
      cluster.pauseAccount();
      Set<String> accepted = new HashSet<>();
      List<String> jobs = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        jobs.add(
            TestHub.job(
                "acme", "shop", "product", "p" + i, "\"partitionKey\":\"k" + i % 20 + "\""));
      }
      accepted.addAll(cluster.submit("[" + String.join(",", jobs) + "]"));
      cluster.resumeAccount();
      await().until(() -> log.entries().size() > 50);
      cluster.signalNode(0, "STOP");
      long frozen = System.nanoTime();
      int before = log.entries().size();
      cluster.startNodes(1);
      await().atMost(Duration.ofSeconds(90)).until(() -> cluster.open() == 0);
      long resumed =
          log.entries().stream()
              .skip(before)
              .filter(call -> call.nanos() - frozen > Duration.ofSeconds(2).toNanos())
              .mapToLong(CallLog.Entry::nanos)
              .min()
              .orElseThrow();
      assertThat(Duration.ofNanos(resumed - frozen)).isLessThan(Duration.ofSeconds(60));
      int delivered = log.entries().size();
      cluster.signalNode(0, "CONT");
      pause(3000);
      assertThat(log.entries())
          .hasSizeLessThanOrEqualTo(delivered + 16); // one call per run in hand
      assertThat(cluster.number("SELECT count(*) FROM job WHERE state = 'delivered'"))
          .isEqualTo(accepted.size());
    }
  }
}
