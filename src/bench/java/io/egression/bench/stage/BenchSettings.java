package io.egression.bench.stage;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The settings of a run, {@code -Dbench.…}; their defaults are in the POM's profile. */
public record BenchSettings(Map<String, String> values) {
  private static final String PREFIX = "bench.";

  /** Keeps the settings of the suite among all system properties. */
  public static BenchSettings of(Properties system) {
    Map<String, String> values = new TreeMap<>();
    for (String key : system.stringPropertyNames()) {
      if (key.startsWith(PREFIX)) {
        values.put(key.substring(PREFIX.length()), system.getProperty(key).strip());
      }
    }
    return new BenchSettings(Map.copyOf(values));
  }

  /** A setting as it was written. */
  public String text(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no setting bench." + key);
    }
    return value;
  }

  /** A setting that is a whole number. */
  public int number(String key) {
    return Integer.parseInt(text(key));
  }

  /** A setting that is a list with commas. */
  public List<String> list(String key) {
    return words(text(key), ",");
  }

  /** A setting that is a list of whole numbers. */
  public List<Integer> numbers(String key) {
    return list(key).stream().map(Integer::valueOf).toList();
  }

  /** The longest that one measurement may take; what is not done then is cut. */
  public Duration most() {
    return Duration.ofSeconds(number("most"));
  }

  /** Further options of the hub's JVM: a flight recording, say. */
  public List<String> hubOptions() {
    return words(text("hub.options"), " ");
  }

  private static List<String> words(String text, String separator) {
    return Stream.of(text.split(separator)).map(String::strip).filter(w -> !w.isEmpty()).toList();
  }
}
