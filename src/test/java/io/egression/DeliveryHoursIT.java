package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** Jobs of an account that has delivery hours; which moments these are is DeliveryHoursTest's. */
class DeliveryHoursIT {
  @Test
  void jobs_wait_for_the_hours_and_what_is_left_of_a_run_for_the_next_ones() {
    ZonedDateTime opens =
        ZonedDateTime.now(ZoneOffset.UTC).plusHours(6).truncatedTo(ChronoUnit.MINUTES);
    LocalTime from = opens.toLocalTime();
    String hours = "%s-%s".formatted(from, from.plusHours(1));
    Semaphore answers = new Semaphore(0);
    try (StubServer shop =
            new StubServer(
                call -> {
                  if ("night".equals(call.header("Egression-Channel"))) {
                    answers.acquire();
                  }
                  return Answer.of(200);
                });
        TestHub hub =
            TestHub.prepare()
                .accounts(
                    "acme",
                    TestHub.account("night", shop, "payload: reference")
                            .replace(shop.url(), shop.url() + "/night")
                        + "    deliveryHours: {zone: UTC, between: ['"
                        + hours
                        + "']}\n",
                    TestHub.account("day", shop, "payload: reference"))
                .start()) {
      List<String> jobs =
          hub.submit(
              "[%s,%s,%s]"
                  .formatted(
                      TestHub.job("acme", "night", "product", "1"),
                      TestHub.job("acme", "night", "product", "2"),
                      TestHub.job("acme", "night", "product", "3")));
      String other = hub.submit(TestHub.job("acme", "day", "product", "1")).get(0);
      hub.await(other, "delivered");
      assertWaits(hub, jobs.get(0), hours, opens.toInstant());
      assertThat(hub.number("SELECT count(*) FROM attempt")).as("the other's").isEqualTo(1);

      opensFor(hub, 3600);
      answers.release();
      hub.await(jobs.get(0), "delivered");
      await().until(() -> shop.calls().size() == 3); // the second is under way
      opensFor(hub, 0);
      answers.release(2);
      hub.await(jobs.get(1), "delivered");
      await().untilAsserted(() -> assertWaits(hub, jobs.get(2), hours, opens.toInstant()));
      assertThat(shop.calls()).hasSize(3);
    }
  }

  /** As if the hours had come, and lasted so long. */
  private static void opensFor(TestHub hub, int seconds) {
    hub.execute(
        "UPDATE account SET open_from = hub_now() - interval '1 s',"
            + " open_to = hub_now() + interval '%d s' WHERE channel = 'night'".formatted(seconds));
  }

  private static void assertWaits(TestHub hub, String job, String hours, Instant opens) {
    JsonNode waits = hub.job(job).path("waitsFor");
    assertThat(waits.path("kind").asText()).isEqualTo("paused");
    assertThat(waits.path("text").asText())
        .isEqualTo("the account is paused: outside its delivery hours: %s UTC".formatted(hours));
    assertThat(Instant.parse(waits.path("until").asText())).isEqualTo(opens);
  }
}
