package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What support people ask is answered at once, however much waits. */
class BacklogIT {
  private static final int KEYS = 20_000;
  private static final Duration AT_ONCE = Duration.ofSeconds(3);

  @Test
  void a_backlog_of_many_keys_and_many_dead_jobs_slow_no_answer_down() {
    try (StubServer channel = new StubServer(call -> StubServer.Answer.of(200));
        TestHub hub =
            TestHub.prepare()
                .accounts("acme", TestHub.account("shop", channel, "payload: reference"))
                .start()) {
      hub.execute(
          """
          INSERT INTO lane (account_id, partition_key, state, reason, open, last_place, due_at)
          SELECT account_id, 'k' || n, 'waiting', 'retry: status 503', 4, 4, '2999-01-01'
          FROM account, generate_series(1, %d) n
          """
              .formatted(KEYS));
      hub.execute(
          """
          INSERT INTO job (job_id, account_id, lane_id, place, source, action, object_type,
            object_ids, explicit_key, priority, state)
          SELECT gen_random_uuid(), account_id, lane_id, p, 'test', 'update', 'product',
            ARRAY[partition_key], false, 4, 'waiting'
          FROM lane, generate_series(1, 4) p WHERE open = 4
          """);
      hub.execute(
          """
          INSERT INTO job (job_id, account_id, lane_id, place, source, action, object_type,
            object_ids, explicit_key, priority, state, reason, died_at, finished_at)
          SELECT gen_random_uuid(), account_id, lane_id, 0, 'test', 'update', 'product',
            ARRAY['dead-' || partition_key], false, 4, 'dead', 'status 422', hub_now(), hub_now()
          FROM lane WHERE open = 4
          """);
      hub.execute("ANALYZE");
      JsonNode account = hub.json(quick(hub, "/v1/overview")).at("/connectors/0/accounts/0");
      assertThat(account.get("backlog").asInt()).isEqualTo(4 * KEYS);
      assertThat(account.get("dead").asInt()).as("as many as are counted").isEqualTo(10_001);
      assertThat(account.at("/lanes/waiting").asInt()).isEqualTo(KEYS);
      assertThat(account.at("/oldest").has("job")).isTrue();
      assertThat(hub.json(quick(hub, "/v1/dead-letters")).get("more").asBoolean()).isTrue();
      quick(hub, "/v1/accounts");
      assertThat(quick(hub, "/v1/objects/product/k77").body()).contains("waiting");
      assertThat(quick(hub, "/observe/metrics").body()).contains("state=\"waiting\"} 20000.0");
    }
  }

  @Test
  void what_a_run_reads_does_not_grow_with_the_keys_that_are_ready() {
    int jobs = 4_000;
    try (StubServer channel = new StubServer(call -> StubServer.Answer.of(200));
        TestHub hub =
            TestHub.prepare()
                .accounts(
                    "acme",
                    TestHub.account("shop", channel, "payload: reference", "partitionBy: object"))
                .start()) {
      channel.forget();
      // The plans are made and kept now, while the tables are empty.
      for (int i = 0; i < 20; i++) {
        hub.await(
            hub.submit(TestHub.job("acme", "shop", "product", "first" + i)).get(0), "delivered");
      }
      hub.post("/v1/accounts/acme/shop/pause", "");
      for (int part = 0; part < jobs; part += 500) {
        int from = part;
        hub.submit(
            IntStream.range(from, from + 500)
                .mapToObj(i -> TestHub.job("acme", "shop", "product", "p" + i))
                .collect(Collectors.joining(",", "[", "]")));
      }
      long before = readyLanesRead(hub);
      hub.post("/v1/accounts/acme/shop/resume", "");
      hub.awaitAllFinal(Duration.ofSeconds(120));
      // Three or four for each run; it was 1,000 and more.
      await()
          .during(Duration.ofSeconds(2)) // the counts come late
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(readyLanesRead(hub) - before).isLessThan(20L * jobs));
    }
  }

  private static long readyLanesRead(TestHub hub) {
    return hub.number(
        "SELECT idx_tup_fetch FROM pg_stat_user_indexes WHERE indexrelname = 'lane_ready'");
  }

  private static HttpResponse<String> quick(TestHub hub, String path) {
    long asked = System.nanoTime();
    HttpResponse<String> answer = hub.get(path);
    Duration took = Duration.ofNanos(System.nanoTime() - asked);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(took).as(path).isLessThan(AT_ONCE);
    return answer;
  }
}
