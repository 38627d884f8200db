package io.egression;

import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** API keys for tests. */
public final class TestKey {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private TestKey() {}

  /** A key that the hub knows; without subscriptions for all of them. Its name is the key. */
  public static String of(TestHub hub, String role, String... subscriptions) {
    String key = "egr_test-" + role + "-" + NUMBER.incrementAndGet();
    String bound =
        subscriptions.length == 0
            ? "NULL"
            : Stream.of(subscriptions)
                .map(each -> "'" + each + "'")
                .collect(Collectors.joining(",", "ARRAY[", "]"));
    hub.execute(
        "INSERT INTO access_key (key_id, name, hash, role, subscriptions) VALUES"
            + " (gen_random_uuid(), '%s', decode('%s', 'hex'), '%s', %s)"
                .formatted(key, sha256(key), role, bound));
    HttpRequest asked =
        HttpRequest.newBuilder(hub.uri("/v1/jobs"))
            .header("Authorization", "Bearer " + key)
            .build();
    Awaitility.await() // keys are read anew every ten seconds
        .atMost(Duration.ofSeconds(30))
        .until(() -> TestHub.send(asked).statusCode() == 200);
    return key;
  }

  private static String sha256(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
