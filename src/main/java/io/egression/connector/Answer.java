package io.egression.connector;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What came back from a connector: an answer or a fault.
 *
 * @param status null: no HTTP answer
 * @param body at most as much as an outcome rule may look at
 * @param sent the object ids that were sent, of all jobs of the call
 */
public record Answer(
    @Nullable Integer status,
    Headers headers,
    String body,
    @Nullable Throwable fault,
    List<String> sent) {
  /** The answer's headers; most answers are understood without a look at them. */
  @FunctionalInterface
  public interface Headers {
    Headers NONE = name -> null;

    /** By name, in any case; of several lines one list. */
    @Nullable String get(String name);

    static Headers of(Map<String, String> headers) {
      Map<String, String> anyCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      anyCase.putAll(headers);
      return anyCase::get;
    }
  }

  @Nullable String header(String name) {
    return headers.get(name);
  }
}
