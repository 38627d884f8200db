package io.egression.connector;

import static io.egression.connector.YamlTree.child;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.job.Action;
import io.egression.limit.Limit;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.camel.util.TimeUtils;

/** Reads one limit of a policy that its schema has passed. */
final class LimitReader {
  private static final Map<String, Duration> CALENDAR =
      Map.of(
          "hour", Duration.ofHours(1),
          "day", Duration.ofDays(1),
          "week", Duration.ofDays(7),
          "month", Duration.ofDays(30));

  private final YamlFile file;
  private final List<Fault> faults;
  private final JsonNode node;
  private final String pointer;
  private final int before;

  LimitReader(YamlFile file, List<Fault> faults, JsonNode node, String pointer) {
    this.file = file;
    this.faults = faults;
    this.node = node;
    this.pointer = pointer;
    this.before = faults.size();
  }

  /**
   * Empty: a fault was found.
   *
   * @param scope if it says none
   */
  Optional<Limit> read(Limit.Scope scope) {
    Limit.Kind kind = Limit.Kind.valueOf(word("kind", "rate"));
    double permits = node.get("permits").asDouble();
    Duration per = per(kind);
    double margin = margin(permits);
    ZoneId zone = zone();
    if (kind == Limit.Kind.WINDOW && permits != Math.rint(permits)) {
      fault("permits", "a window has a whole number of permits");
    }
    if (kind != Limit.Kind.RATE && node.has("burst")) {
      fault("burst", "only a rate has a burst");
    }
    if (kind != Limit.Kind.QUOTA && node.has("zone")) {
      fault("zone", "only a quota has a time zone");
    }
    if (faults.size() > before) {
      return Optional.empty();
    }
    return Optional.of(
        new Limit(
            node.get("name").asText(),
            kind,
            permits,
            per,
            kind == Limit.Kind.QUOTA ? node.get("per").asText() : null,
            node.has("burst") ? node.get("burst").doubleValue() : null,
            margin,
            zone,
            Limit.Scope.valueOf(word("scope", scope.name())),
            Limit.Cost.valueOf(word("cost", "call")),
            actions(),
            words("objectTypes")));
  }

  private String word(String key, String standard) {
    return node.path(key).asText(standard).toUpperCase(Locale.ROOT);
  }

  private Duration per(Limit.Kind kind) {
    String text = node.get("per").asText();
    boolean calendar = CALENDAR.containsKey(text);
    if (calendar != (kind == Limit.Kind.QUOTA)) {
      fault(
          "per",
          calendar
              ? "a rate or window is per a duration, such as 1s; a quota per hour, day, week or month"
              : "a quota is per hour, day, week or month");
      return Duration.ofDays(1);
    }
    Duration per =
        calendar ? CALENDAR.get(text) : Duration.ofMillis(TimeUtils.toMilliSeconds(text));
    if (per.isZero() || per.compareTo(Duration.ofDays(400)) > 0) {
      fault("per", "more than 0 and at most 400d");
    }
    return per;
  }

  private double margin(double permits) {
    JsonNode margin = node.path("margin");
    if (margin.isMissingNode()) {
      return permits * Limit.STANDARD_MARGIN;
    }
    double permitsKept =
        margin.isNumber()
            ? margin.doubleValue()
            : permits * Double.parseDouble(margin.asText().replace("%", "")) / 100;
    if (permitsKept >= permits) {
      fault("margin", "must leave some of the permits");
    }
    return permitsKept;
  }

  private ZoneId zone() {
    try {
      return ZoneId.of(node.path("zone").asText("UTC"));
    } catch (DateTimeException e) {
      fault("zone", "not a time zone; they are written as Europe/Berlin or UTC");
      return ZoneId.of("UTC");
    }
  }

  private Set<Action> actions() {
    Set<Action> actions = new HashSet<>();
    words("actions").forEach(word -> actions.add(Action.of(word).orElseThrow()));
    return actions;
  }

  private Set<String> words(String key) {
    Set<String> words = new HashSet<>();
    node.path(key).forEach(word -> words.add(word.asText()));
    return words;
  }

  private void fault(String key, String message) {
    faults.add(file.at(child(pointer, key), message));
  }
}
