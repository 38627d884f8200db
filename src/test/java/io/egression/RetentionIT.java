package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Final jobs are kept as long as their account says. */
class RetentionIT {
  @Test
  void what_was_kept_long_enough_goes_with_all_that_belongs_to_it_and_nothing_else() {
    try (StubServer shop =
            new StubServer(call -> Answer.of(call.objectId().startsWith("bad") ? 422 : 200));
        TestHub hub =
            TestHub.prepare()
                .with("egression.retention.every", "1")
                .file("filters/some.yaml", "version: 1\nmatch: {not: {objectType: [secret]}}\n")
                .accounts(
                    "acme",
                    TestHub.account(
                        "short",
                        shop,
                        "payload: reference",
                        "filters: [some]",
                        "retention: {done: 10d, explained: 20d}"),
                    TestHub.account("usual", shop, "payload: reference"))
                .start()) {
      List<String> jobs = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        jobs.add(TestHub.job("acme", "short", "product", "o" + i));
      }
      hub.submit("[" + String.join(",", jobs) + "]");
      String dead = hub.submit(TestHub.job("acme", "short", "product", "bad")).get(0);
      String filtered = hub.submit(TestHub.job("acme", "short", "secret", "1")).get(0);
      String usual = hub.submit(TestHub.job("acme", "usual", "product", "1")).get(0);
      hub.submit(
          TestHub.job("acme", "short", "product", "x", "\"notBefore\":\"2999-01-01T00:00:00Z\""));
      hub.await(dead, "dead");
      hub.await(filtered, "filtered");
      hub.await(usual, "delivered");
      await().until(() -> count(hub, "job WHERE state = 'delivered'") == 601);

      later(hub, 11);
      await().until(() -> count(hub, "job WHERE state = 'delivered'") == 1);
      assertThat(state(hub, "usual", "1")).isEqualTo("delivered");
      assertThat(state(hub, "short", "bad")).isEqualTo("dead");
      assertThat(state(hub, "short", "1")).isEqualTo("filtered");
      assertThat(state(hub, "short", "x")).isEqualTo("scheduled");
      assertThat(count(hub, "attempt")).isEqualTo(2);
      assertThat(count(hub, "filter_decision")).isEqualTo(2);

      later(hub, 10);
      await().until(() -> count(hub, "job") == 2);
      assertThat(state(hub, "usual", "1")).isEqualTo("delivered");
      assertThat(state(hub, "short", "x")).isEqualTo("scheduled");
      assertThat(count(hub, "filter_decision")).isZero();
      assertThat(count(hub, "filter_version")).as("versions stay").isEqualTo(1);
    }
  }

  /** As if the jobs had been accepted and finished so many days earlier: their ids say so too. */
  private static void later(TestHub hub, int days) {
    String older =
        "(lpad(to_hex(('x' || substr(replace(%s::text, '-', ''), 1, 12))::bit(48)::bigint - %d), 12, '0')"
            + " || substr(replace(%s::text, '-', ''), 13))::uuid";
    long millis = days * 86_400_000L;
    for (String table : List.of("attempt", "job_event", "filter_decision")) {
      hub.execute(
          "UPDATE " + table + " SET job_id = " + older.formatted("job_id", millis, "job_id"));
    }
    hub.execute(
        "UPDATE job SET job_id = "
            + older.formatted("job_id", millis, "job_id")
            + ", finished_at = finished_at - interval '%d days'".formatted(days));
  }

  private static String state(TestHub hub, String channel, String object) {
    return hub.text(
        "SELECT state FROM job JOIN account USING (account_id) WHERE channel = '%s' AND object_ids[1] = '%s'"
            .formatted(channel, object));
  }

  private static long count(TestHub hub, String of) {
    return hub.number("SELECT count(*) FROM " + of);
  }
}
