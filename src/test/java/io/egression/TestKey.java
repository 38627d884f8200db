package io.egression;

import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** API keys for tests. */
public final class TestKey {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private TestKey() {}

  /** A key's id, and the key itself. */
  public record Made(String id, String key) {}

  /** A key that the hub knows; without subscriptions for all of them. */
  public static String of(TestHub hub, String role, String... subscriptions) {
    return make(hub, role, subscriptions).key();
  }

  /** As {@link #of}. */
  public static Made make(TestHub hub, String role, String... subscriptions) {
    String bound =
        Stream.of(subscriptions)
            .map(each -> '"' + each + '"')
            .collect(Collectors.joining(",", ",\"subscriptions\":[", "]"));
    HttpResponse<String> answer =
        hub.post(
            "/v1/keys",
            "{\"name\":\"test-%d\",\"role\":\"%s\"%s}"
                .formatted(NUMBER.incrementAndGet(), role, subscriptions.length == 0 ? "" : bound));
    if (answer.statusCode() != 201) {
      throw new AssertionError(answer.body());
    }
    return new Made(hub.json(answer).get("id").asText(), hub.json(answer).get("key").asText());
  }
}
