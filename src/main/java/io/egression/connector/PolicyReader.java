package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.job.Outcome.PauseScope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.apache.camel.util.TimeUtils;
import org.jspecify.annotations.Nullable;

/** Reads a policy from a tree that its schema has passed. */
final class PolicyReader {
  private final YamlFile file;
  private final List<Fault> faults;

  PolicyReader(YamlFile file, List<Fault> faults) {
    this.file = file;
    this.faults = faults;
  }

  Policy read() {
    JsonNode root = file.root();
    List<OutcomeRule> rules = new ArrayList<>();
    root.path("outcomes").forEach(rule -> rules.add(rule(rule)));
    return new Policy(
        limit(root.path("limits").path(0)),
        backoff(root.path("retry"), Backoff.DEFAULT),
        timeouts(root.path("timeouts")),
        duration(root.path("retryAfterMost"), Policy.DEFAULT.retryAfterMost()),
        List.copyOf(rules));
  }

  private static Policy.@Nullable Limit limit(JsonNode limit) {
    return limit.isMissingNode()
        ? null
        : new Policy.Limit(limit.get("permits").asInt(), duration(limit.get("per"), Duration.ZERO));
  }

  private Policy.Timeouts timeouts(JsonNode node) {
    Policy.Timeouts standard = Policy.Timeouts.DEFAULT;
    Policy.Timeouts timeouts =
        new Policy.Timeouts(
            duration(node.path("connect"), standard.connect()),
            duration(node.path("response"), standard.response()),
            duration(node.path("total"), standard.total()));
    if (timeouts.total().compareTo(Policy.Timeouts.MOST) > 0) {
      faults.add(file.at(node.path("total"), "timeouts.total: at most 35s"));
    }
    return timeouts;
  }

  private static Backoff backoff(JsonNode node, Backoff standard) {
    boolean fixed = "fixed".equals(node.path("backoff").asText());
    return new Backoff(
        duration(node.path("first"), standard.first()),
        fixed ? 1 : node.path("factor").asDouble(standard.factor()),
        duration(node.path("most"), standard.most()),
        node.path("jitter").asDouble(standard.jitter()),
        node.path("attempts").asInt(standard.attempts()),
        duration(node.path("within"), standard.within()));
  }

  private OutcomeRule rule(JsonNode node) {
    JsonNode header = node.path("header");
    Backoff retry = node.has("retry") ? backoff(node.get("retry"), Backoff.DEFAULT) : null;
    return new OutcomeRule(
        words(node.path("status")),
        header.has("name") ? header.get("name").asText() : null,
        pattern(header.path("value")),
        words(node.path("exception")),
        node.has("body")
            ? JqExpression.predicate(node.get("body").asText(), at(node, "body"))
            : null,
        OutcomeRule.Kind.valueOf(node.get("outcome").asText().toUpperCase(Locale.ROOT)),
        node.has("failed")
            ? JqExpression.ids(node.get("failed").asText(), at(node, "failed"))
            : null,
        "connector".equals(node.path("scope").asText()) ? PauseScope.CONNECTOR : PauseScope.ACCOUNT,
        node.has("for") ? duration(node.get("for"), Duration.ZERO) : null,
        retry);
  }

  private java.util.function.Consumer<String> at(JsonNode rule, String key) {
    return message -> faults.add(file.at(rule.get(key), key + ": " + message));
  }

  private @Nullable Pattern pattern(JsonNode value) {
    if (value.isMissingNode()) {
      return null;
    }
    try {
      return Pattern.compile(value.asText());
    } catch (PatternSyntaxException e) {
      faults.add(file.at(value, "header.value: not a regular expression: " + e.getDescription()));
      return null;
    }
  }

  private static Set<String> words(JsonNode node) {
    Set<String> words = new HashSet<>();
    if (node.isArray()) {
      node.forEach(each -> words.add(each.asText()));
    } else if (!node.isMissingNode()) {
      words.add(node.asText());
    }
    return words;
  }

  private static Duration duration(JsonNode node, Duration standard) {
    return node.isMissingNode()
        ? standard
        : Duration.ofMillis(TimeUtils.toMilliSeconds(node.asText()));
  }
}
