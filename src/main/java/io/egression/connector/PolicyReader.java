package io.egression.connector;

import static io.egression.connector.YamlTree.child;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.job.Outcome.PauseScope;
import io.egression.limit.Limit;
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

/** Reads a policy from a file that its schema has passed. */
final class PolicyReader {
  /** More is a slip of the pen, and no database can add it to a date. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  private final YamlFile file;
  private final List<Fault> faults;

  PolicyReader(YamlFile file, List<Fault> faults) {
    this.file = file;
    this.faults = faults;
  }

  Policy read() {
    JsonNode root = file.root();
    List<OutcomeRule> rules = new ArrayList<>();
    root.path("outcomes").forEach(rule -> rules.add(rule(rule, "/outcomes/" + rules.size())));
    return new Policy(
        new Policy.Allowance(
            limits(root.path("limits"), "/limits", Limit.Scope.CONNECTOR),
            number(root.path("concurrency").path("account")),
            number(root.path("concurrency").path("connector")),
            breaker(root.path("breaker")),
            bulk(root.path("bulk"))),
        backoff(root.path("retry"), "/retry", Backoff.DEFAULT),
        timeouts(root.path("timeouts")),
        headers(root.path("vendorHeaders")),
        duration(root, "", "retryAfterMost", Policy.DEFAULT.retryAfterMost()),
        "discard".equals(root.path("removed").asText())
            ? Policy.Removed.DISCARD
            : Policy.Removed.RESEND,
        List.copyOf(rules));
  }

  /**
   * @param scope of those that say none; an account's can have no other
   */
  List<Limit> limits(JsonNode nodes, String at, Limit.Scope scope) {
    List<Limit> limits = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < nodes.size(); i++) {
      String pointer = at + "/" + i;
      new LimitReader(file, faults, nodes.get(i), pointer).read(scope).ifPresent(limits::add);
      if (scope == Limit.Scope.ACCOUNT && "connector".equals(nodes.get(i).path("scope").asText())) {
        faults.add(file.at(pointer + "/scope", "an account's limit is its own: account"));
      }
      if (!names.add(nodes.get(i).get("name").asText())) {
        faults.add(file.at(pointer + "/name", "another limit has this name"));
      }
    }
    return limits;
  }

  private static @Nullable Integer number(JsonNode node) {
    return node.isMissingNode() ? null : (Integer) node.asInt();
  }

  private Policy.@Nullable Breaker breaker(JsonNode node) {
    return node.isMissingNode()
        ? null
        : new Policy.Breaker(
            node.path("failures").asDouble(0.5),
            node.path("of").asInt(20),
            duration(node, "/breaker", "pause", Duration.ofSeconds(30)));
  }

  private Policy.@Nullable Bulk bulk(JsonNode node) {
    if (node.isMissingNode()) {
      return null;
    }
    Duration linger = duration(node, "/bulk", "linger", Duration.ZERO);
    if (linger.compareTo(Policy.Bulk.LONGEST_LINGER) > 0) {
      faults.add(file.at("/bulk/linger", "at most 10m"));
    }
    return new Policy.Bulk(
        node.path("objects").asInt(), node.path("bytes").asLong(1 << 20), linger);
  }

  private static VendorHeaders headers(JsonNode node) {
    return new VendorHeaders(
        node.path("remaining").textValue(),
        node.path("reset").textValue(),
        switch (node.path("resetAs").asText("auto")) {
          case "seconds" -> VendorHeaders.Form.SECONDS;
          case "milliseconds" -> VendorHeaders.Form.MILLIS;
          case "epochSeconds" -> VendorHeaders.Form.EPOCH_SECONDS;
          case "epochMilliseconds" -> VendorHeaders.Form.EPOCH_MILLIS;
          case "date" -> VendorHeaders.Form.DATE;
          default -> VendorHeaders.Form.AUTO;
        });
  }

  private Policy.Timeouts timeouts(JsonNode node) {
    Policy.Timeouts standard = Policy.Timeouts.DEFAULT;
    Policy.Timeouts timeouts =
        new Policy.Timeouts(
            timeout(node, "connect", standard.connect()),
            timeout(node, "response", standard.response()),
            timeout(node, "total", standard.total()));
    if (timeouts.total().compareTo(Policy.Timeouts.MOST) > 0) {
      faults.add(file.at("/timeouts/total", "at most 35s"));
    }
    return timeouts;
  }

  /** Zero would be for ever. */
  private Duration timeout(JsonNode node, String key, Duration standard) {
    Duration timeout = duration(node, "/timeouts", key, standard);
    if (timeout.isZero()) {
      faults.add(file.at("/timeouts/" + key, "must be more than 0"));
    }
    return timeout;
  }

  /**
   * @param standard what holds for that which is not said
   */
  Backoff backoff(JsonNode node, String pointer, Backoff standard) {
    Duration first = duration(node, pointer, "first", standard.first());
    Duration most = duration(node, pointer, "most", standard.most());
    if (first.compareTo(most) > 0) {
      faults.add(
          file.at(
              pointer + "/first",
              "must not be longer than 'most', which is "
                  + (node.has("most")
                      ? node.get("most").asText()
                      : most.toString().substring(2).toLowerCase(Locale.ROOT) + " unless given")));
    }
    boolean fixed = "fixed".equals(node.path("backoff").asText());
    return new Backoff(
        first,
        fixed ? 1 : node.path("factor").asDouble(standard.factor()),
        most,
        node.path("jitter").asDouble(standard.jitter()),
        node.path("attempts").asInt(standard.attempts()),
        duration(node, pointer, "within", standard.within()));
  }

  private OutcomeRule rule(JsonNode node, String pointer) {
    JsonNode header = node.path("header");
    return new OutcomeRule(
        words(node.path("status")),
        header.has("name") ? header.get("name").asText() : null,
        pattern(header.path("value"), pointer + "/header/value"),
        words(node.path("exception")),
        node.has("body")
            ? JqExpression.predicate(node.get("body").asText(), at(pointer, "body"))
            : null,
        OutcomeRule.Kind.valueOf(node.get("outcome").asText().toUpperCase(Locale.ROOT)),
        node.has("failed")
            ? JqExpression.ids(node.get("failed").asText(), at(pointer, "failed"))
            : null,
        "connector".equals(node.path("scope").asText()) ? PauseScope.CONNECTOR : PauseScope.ACCOUNT,
        node.has("for") ? duration(node, pointer, "for", Duration.ZERO) : null,
        node.has("retry") ? backoff(node.get("retry"), pointer + "/retry", Backoff.DEFAULT) : null);
  }

  private java.util.function.Consumer<String> at(String pointer, String key) {
    return message -> faults.add(file.at(child(pointer, key), message));
  }

  private @Nullable Pattern pattern(JsonNode value, String pointer) {
    if (value.isMissingNode()) {
      return null;
    }
    try {
      return Pattern.compile(value.asText());
    } catch (PatternSyntaxException e) {
      faults.add(file.at(pointer, "not a regular expression: " + e.getDescription()));
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

  private Duration duration(JsonNode node, String pointer, String key, Duration standard) {
    if (!node.has(key)) {
      return standard;
    }
    Duration duration = Duration.ofMillis(TimeUtils.toMilliSeconds(node.get(key).asText()));
    if (duration.compareTo(LONGEST) > 0) {
      faults.add(file.at(child(pointer, key), "at most " + LONGEST.toDays() + "d"));
    }
    return duration;
  }
}
