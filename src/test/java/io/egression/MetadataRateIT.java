package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The Metadata API's own limit, over the accounts and keys that need it. */
class MetadataRateIT {
  private static final int RATE = 10;
  private static final int JOBS = 40;

  @Test
  void requests_come_evenly_and_a_backlog_is_not_polled() throws IOException {
    List<Long> asked = new CopyOnWriteArrayList<>();
    try (StubServer channel = new StubServer(call -> Answer.of(200));
        StubServer metadata =
            new StubServer(
                call -> {
                  asked.add(System.nanoTime());
                  return Answer.json("{}");
                });
        TestHub hub =
            TestHub.prepare()
                .metadata(metadata)
                .with("egression.metadata.rate", String.valueOf(RATE))
                .accounts(
                    "acme",
                    TestHub.account("one", channel, "partitionBy: object"),
                    TestHub.account("two", channel, "partitionBy: object"))
                .start()) {
      List<String> jobs =
          hub.submit(
              IntStream.range(0, JOBS)
                  .mapToObj(
                      n -> TestHub.job("acme", n % 2 == 0 ? "one" : "two", "product", "p" + n))
                  .collect(Collectors.joining(",", "[", "]")));
      await()
          .until(
              () ->
                  jobs.stream()
                      .map(job -> hub.job(job).path("waitsFor").path("text").asText())
                      .anyMatch(text -> text.contains("limit of the Metadata API")));
      hub.awaitAllFinal(Duration.ofSeconds(30));
      jobs.forEach(job -> assertThat(hub.state(job)).isEqualTo("delivered"));
      assertThat(asked).hasSize(JOBS);
      for (int n = RATE + 1; n < asked.size(); n++) {
        // more than the rate, plus the one on the edge, never comes within a second
        assertThat(Duration.ofNanos(asked.get(n) - asked.get(n - RATE - 1)))
            .isGreaterThan(Duration.ofMillis(900));
      }
      // each is put off once, when it gets its moment, or twice if it is woken a little early
      assertThat(hub.number("SELECT max(delays) FROM job")).isLessThanOrEqualTo(2);
    }
  }
}
