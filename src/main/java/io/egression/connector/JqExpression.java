package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import net.thisptr.jackson.jq.BuiltinFunctionLoader;
import net.thisptr.jackson.jq.JsonQuery;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Versions;
import net.thisptr.jackson.jq.exception.JsonQueryException;

/** jq over a JSON answer. Thread safe. */
public final class JqExpression {
  private static final Scope SCOPE = Scope.newEmptyScope();

  private static final Pattern UNKNOWN =
      Pattern.compile("(?s)Function .* does not exist.*|Undefined variable.*");

  private static final JsonQuery NOTHING;

  static {
    BuiltinFunctionLoader.getInstance().loadFunctions(Versions.JQ_1_6, SCOPE);
    try {
      NOTHING = JsonQuery.compile("empty", Versions.JQ_1_6);
    } catch (JsonQueryException e) {
      throw new IllegalStateException(e);
    }
  }

  private JqExpression() {}

  /**
   * True where the expression's first result is neither false nor null; false where it fails: the
   * answer has another shape.
   */
  static Predicate<JsonNode> predicate(String expression, Consumer<String> fault) {
    JsonQuery query = compile(expression, fault);
    return json -> {
      List<JsonNode> results = results(query, json).orElse(List.of());
      return !results.isEmpty() && !results.get(0).isNull() && !isFalse(results.get(0));
    };
  }

  /**
   * A test that fails where the expression does.
   *
   * @throws IllegalArgumentException if it is no jq expression
   */
  public static Predicate<JsonNode> strict(String expression) {
    JsonQuery query =
        compile(
            expression,
            fault -> {
              throw new IllegalArgumentException(fault);
            });
    return json -> {
      List<JsonNode> results = new ArrayList<>();
      try {
        query.apply(Scope.newChildScope(SCOPE), json, results::add);
      } catch (JsonQueryException e) {
        throw new IllegalArgumentException(e.getMessage(), e);
      }
      return !results.isEmpty() && !results.get(0).isNull() && !isFalse(results.get(0));
    };
  }

  private static boolean isFalse(JsonNode result) {
    return result.isBoolean() && !result.asBoolean();
  }

  /** The texts that the expression yields; empty where it fails. */
  static OutcomeRule.FailedIds ids(String expression, Consumer<String> fault) {
    JsonQuery query = compile(expression, fault);
    return json -> results(query, json).map(JqExpression::texts);
  }

  /** Finds the first text that an expression yields; none where it fails. */
  public interface Text {
    Optional<String> of(JsonNode json);
  }

  /**
   * The first text that the expression yields; empty where it fails or yields none.
   *
   * @throws IllegalArgumentException if it is no jq expression
   */
  public static Text text(String expression) {
    return text(
        expression,
        fault -> {
          throw new IllegalArgumentException("'" + expression + "' is " + fault);
        });
  }

  static Text text(String expression, Consumer<String> fault) {
    JsonQuery query = compile(expression, fault);
    return json ->
        results(query, json).map(JqExpression::texts).flatMap(texts -> texts.stream().findFirst());
  }

  private static List<String> texts(List<JsonNode> results) {
    List<String> texts = new ArrayList<>();
    for (JsonNode result : results) {
      if (result.isArray()) {
        result.forEach(each -> texts.add(each.asText()));
      } else if (!result.isNull()) {
        texts.add(result.asText());
      }
    }
    return texts;
  }

  private static JsonQuery compile(String expression, Consumer<String> fault) {
    try {
      JsonQuery query = JsonQuery.compile(expression, Versions.JQ_1_6);
      unknownName(query).ifPresent(name -> fault.accept("not a jq expression: " + name));
      return query;
    } catch (JsonQueryException e) {
      fault.accept("not a jq expression: " + e.getMessage());
      return NOTHING;
    }
  }

  /** A name that jq does not know shows only when the expression is run. */
  private static Optional<String> unknownName(JsonQuery query) {
    try {
      query.apply(Scope.newChildScope(SCOPE), NullNode.getInstance(), result -> {});
      return Optional.empty();
    } catch (JsonQueryException e) {
      return Optional.ofNullable(e.getMessage()).filter(UNKNOWN.asMatchPredicate());
    }
  }

  private static Optional<List<JsonNode>> results(JsonQuery query, JsonNode json) {
    List<JsonNode> results = new ArrayList<>();
    try {
      query.apply(Scope.newChildScope(SCOPE), json, results::add);
      return Optional.of(results);
    } catch (JsonQueryException e) {
      return Optional.empty();
    }
  }
}
