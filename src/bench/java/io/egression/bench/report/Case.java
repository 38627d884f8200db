package io.egression.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What was measured: a part, a contender and the circumstances. */
public record Case(String part, String contender, Map<String, String> circumstances) {
  /** A case without circumstances. */
  public static Case of(String part, String contender) {
    return new Case(part, contender, Map.of());
  }

  /** The same in a circumstance, also instead of another value of it. */
  public Case with(String name, Object value) {
    Map<String, String> more = new LinkedHashMap<>(circumstances);
    more.put(name, String.valueOf(value));
    return new Case(part, contender, Collections.unmodifiableMap(more));
  }

  /** The same by another contender. */
  public Case by(String other) {
    return new Case(part, other, circumstances);
  }
}
