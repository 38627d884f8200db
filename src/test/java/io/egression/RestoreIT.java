package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A backup is the database alone: it is restored under a broker that is older, or newer. */
class RestoreIT {
  private static final String QUEUE = "egression.connector.http-connector";
  private static final Duration LONG = Duration.ofSeconds(60);

  @Test
  void the_broker_s_messages_may_be_older_or_newer_than_the_ledger() throws Exception {
    int port = TestBroker.freePort();
    Path present = TestBroker.newDirectory();
    Path older = TestBroker.newDirectory();
    try (StubServer channel = new StubServer(call -> Answer.of(200))) {
      TestBroker broker = new TestBroker(present, port);
      TestHub hub =
          TestHub.prepare()
              .with("egression.broker.url", broker.url())
              .accounts(
                  "acme",
                  TestHub.account("shop", channel, "payload: reference", "partitionBy: object"))
              .start();
      hub.await(submit(hub, "old"), "delivered");
      broker.queue(QUEUE).pause();
      String open = submit(hub, "open");
      await().until(() -> broker.count(QUEUE) == 1);
      hub.stop();
      broker.stop();
      copy(present, older);
      String backup = SharedPostgres.copyOf(hub.setting("egression.database.url"));

      broker.start(); // a pause ends with the broker
      hub.start();
      hub.await(open, "delivered");
      String after = submit(hub, "after");
      hub.await(after, "delivered");
      hub.stop();
      broker.stop();

      TestBroker restored = new TestBroker(older, port);
      try {
        assertThat(restored.count(QUEUE)).as("a message of a run that has ended").isEqualTo(1);
        hub.start();
        await().atMost(LONG).until(() -> restored.count(QUEUE) == 0);
        hub.await(submit(hub, "then"), "delivered");
        assertThat(objects(channel)).containsExactly("old", "open", "after", "then");
        assertThat(hub.hub().repairs()).isZero();
        restored.queue(QUEUE).pause();
        String late = submit(hub, "late");
        await().until(() -> restored.count(QUEUE) == 1);
        hub.stop();
        restored.queue(QUEUE).resume();

        try (TestHub back = hub.anotherNode().with("egression.database.url", backup).start()) {
          back.await(open, "delivered");
          await().atMost(LONG).until(() -> restored.count(QUEUE) == 0);
          back.await(submit(back, "next"), "delivered");
          assertThat(objects(channel))
              .as("what was open in the backup is called again, what it does not know is not")
              .containsExactly("old", "open", "after", "then", "open", "next");
          assertThat(keys(channel, "open")).containsExactly(open, open);
          assertThat(back.get("/v1/jobs/" + late).statusCode()).isEqualTo(404);
          assertThat(back.get("/v1/jobs/" + after).statusCode()).isEqualTo(404);
          assertThat(back.hub().repairs()).as("the run whose message was gone").isEqualTo(1);
        }
      } finally {
        hub.stop();
        restored.close();
      }
    }
  }

  private static String submit(TestHub hub, String object) {
    return hub.submit(TestHub.job("acme", "shop", "product", object)).get(0);
  }

  private static List<String> objects(StubServer channel) {
    return channel.calls().stream().map(StubServer.Call::objectId).toList();
  }

  private static List<String> keys(StubServer channel, String object) {
    return channel.calls().stream()
        .filter(call -> call.objectId().equals(object))
        .map(call -> call.header("Idempotency-Key"))
        .toList();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file));
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
  }
}
