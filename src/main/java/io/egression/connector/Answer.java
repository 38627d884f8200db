package io.egression.connector;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What came back from a connector: an answer or a fault.
 *
 * @param status null: no HTTP answer
 * @param headers by name, in any case
 * @param body at most as much as an outcome rule may look at
 * @param sent the object ids that were sent
 */
public record Answer(
    @Nullable Integer status,
    Map<String, String> headers,
    String body,
    @Nullable Throwable fault,
    List<String> sent) {
  @Nullable String header(String name) {
    String exact = headers.get(name);
    return exact != null
        ? exact
        : headers.entrySet().stream()
            .filter(header -> header.getKey().equalsIgnoreCase(name))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse(null);
  }
}
