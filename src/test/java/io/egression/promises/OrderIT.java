package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.StubServer;
import io.egression.StubServer.Answer;
import io.egression.TestBroker;
import io.egression.TestHub;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Promise 2: retries, throttling, redelivery and several nodes never reorder a key or an object.
 */
class OrderIT {
  private static final String IMPATIENT =
      """
      retry: {first: 20ms, factor: 1.5, most: 200ms, attempts: 50}
      timeouts: {connect: 500ms, response: 300ms, total: 1s}
      """;

  private final long seed = System.nanoTime();
  private final CallLog log = new CallLog();
  private final Map<String, List<String>> acceptedByObject = new ConcurrentHashMap<>();

  @Test
  void keys_keep_their_order_under_failures_while_nodes_come_and_go() throws Exception {
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    try (StubServer channel = new StubServer(call -> faulty(call, random));
        TestBroker broker = new TestBroker();
        TestHub first = hub(channel, broker).start();
        TestHub second = first.anotherNode();
        TestHub third = first.anotherNode()) {
      List<Future<?>> producers = produce(List.of(first), 20, 10, 10);
      second.start();
      third.start();
      for (Future<?> producer : producers) {
        producer.get();
      }
      second.stop();
      List<Future<?>> more = produce(List.of(first, third), 20, 10, 5);
      for (Future<?> producer : more) {
        producer.get();
      }
      second.start();
      first.awaitAllFinal(Duration.ofSeconds(120));
      assertThat(first.number("SELECT count(*) FROM job WHERE state <> 'delivered'")).isZero();
      log.assertPlacesRise();
      log.assertObjectOrder(acceptedByObject);
    }
  }

  private static TestHub hub(StubServer channel, TestBroker broker) {
    return TestHub.prepare()
        .with("egression.broker.url", broker.url())
        .file("http-connector.connector.yaml", IMPATIENT)
        .file(
            "http-connector.kamelet.yaml",
            read("connectors/http-connector.kamelet.yaml")
                .replace("default: 20000", "default: 300"))
        .accounts(
            "acme", TestHub.account("shop", channel, "payload: reference", "partitionBy: object"));
  }

  private static String read(String file) {
    try {
      return java.nio.file.Files.readString(java.nio.file.Path.of(file));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Nine of ten calls are answered; the rest fail in each of the ways that calls fail. */
  private Answer faulty(StubServer.Call call, Random random) throws Exception {
    int dice;
    synchronized (random) {
      log.add(call);
      dice = random.nextInt(60);
    }
    switch (dice) {
      case 0, 1:
        return Answer.of(503);
      case 2, 3:
        return Answer.of(429, "Retry-After", "0.05");
      case 4:
        Thread.sleep(500); // longer than the response timeout: the fault is the point
        return Answer.of(200);
      case 5:
        throw new java.io.IOException("reset");
      default:
        return Answer.of(200);
    }
  }

  /** Each producer hands its keys' jobs over one after another's answer, to any of the hubs. */
  private List<Future<?>> produce(List<TestHub> hubs, int producers, int keys, int jobs) {
    ExecutorService threads = Executors.newFixedThreadPool(producers);
    List<Future<?>> running = new CopyOnWriteArrayList<>();
    for (int p = 0; p < producers; p++) {
      int producer = p;
      running.add(
          threads.submit(
              () -> {
                Random random = new Random(seed + producer);
                for (int n = 0; n < jobs; n++) {
                  for (int k = 0; k < keys; k++) {
                    submit(hubs.get(random.nextInt(hubs.size())), producer + "-" + k, random);
                  }
                }
              }));
    }
    threads.shutdown();
    return running;
  }

  private void submit(TestHub hub, String object, Random random) {
    String job =
        random.nextInt(10) == 0
            ? TestHub.job(
                "acme",
                "shop",
                "product",
                object,
                "\"notBefore\":\"" + Instant.now().plusMillis(random.nextInt(3000)) + "\"")
            : random.nextInt(20) == 0
                ? TestHub.job("acme", "shop", "product", object, "\"partitionKey\":\"special\"")
                : TestHub.job("acme", "shop", "product", object);
    String id = hub.submit(job).get(0);
    acceptedByObject.computeIfAbsent(object, o -> new CopyOnWriteArrayList<>()).add(id);
  }
}
