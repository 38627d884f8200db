package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Recurring jobs of running hubs; their times are ScheduleDefinitionTest's. */
class ScheduleIT {
  private static String yaml(String cron, String id, String more) {
    return """
        # yaml-language-server: $schema=../schemas/schedule.schema.json
        cron: "%s"
        zone: Europe/Amsterdam
        %s
        job: {subscription: acme, source: clock, action: update, objectType: feed, objectIds: [%s]}
        """
        .formatted(cron, more, id);
  }

  @Test
  void each_time_comes_once_over_two_nodes_and_missed_ones_by_policy() {
    try (TestBroker broker = new TestBroker();
        StubServer shop = new StubServer(call -> Answer.of(200));
        TestHub hub =
            TestHub.prepare()
                .with("egression.broker.url", broker.url())
                .accounts("acme", TestHub.account("shop", shop, "payload: reference"))
                .file("schedules/often.yaml", yaml("*/2 * * * * *", "often", ""))
                .file("schedules/once.yaml", yaml("0 0 1 1 *", "once", ""))
                .file("schedules/skip.yaml", yaml("0 0 1 1 *", "skip", "misfire: skip"))
                .file(
                    "schedules/wrong.yaml",
                    yaml("*/2 * * * * *", "x", "").replace("acme", "globex"))
                .start();
        TestHub other = hub.anotherNode().start()) {
      await().until(() -> count(hub, "often") >= 3);
      assertThat(other.hub().reports()).isNotNull();
      assertThat(
              hub.number(
                  "SELECT count(*) - count(DISTINCT date_trunc('second', accepted_at)) FROM job"
                      + " WHERE object_ids[1] = 'often'"))
          .as("made twice")
          .isZero();

      hub.execute(
          "UPDATE schedule SET next_at = hub_now() - interval '3 h' WHERE schedule IN ('once', 'skip')");
      await().until(() -> count(hub, "once") == 1);
      await()
          .until(
              () ->
                  schedule(hub, "skip")
                      .path("lastError")
                      .asText()
                      .startsWith("missed and skipped"));
      assertThat(count(hub, "skip")).isZero();
      assertThat(count(hub, "once")).isEqualTo(1);
      assertThat(schedule(hub, "once").path("next").asText()).endsWith("-12-31T23:00:00Z");
      await().until(() -> schedule(hub, "wrong").path("lastError").asText().contains("globex"));
    }
  }

  private static long count(TestHub hub, String object) {
    return hub.number("SELECT count(*) FROM job WHERE object_ids[1] = '%s'".formatted(object));
  }

  private static JsonNode schedule(TestHub hub, String name) {
    return StreamSupport.stream(
            hub.json(hub.get("/v1/schedules")).get("schedules").spliterator(), false)
        .filter(each -> each.get("schedule").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
