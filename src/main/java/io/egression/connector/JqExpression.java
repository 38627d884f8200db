package io.egression.connector;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import net.thisptr.jackson.jq.BuiltinFunctionLoader;
import net.thisptr.jackson.jq.JsonQuery;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Versions;
import net.thisptr.jackson.jq.exception.JsonQueryException;

/** jq over a JSON answer. An answer on which an expression fails does not match. Thread safe. */
final class JqExpression {
  private static final Scope SCOPE = Scope.newEmptyScope();

  static {
    BuiltinFunctionLoader.getInstance().loadFunctions(Versions.JQ_1_6, SCOPE);
  }

  private JqExpression() {}

  /** True where the expression's first result is neither false nor null. */
  static Predicate<JsonNode> predicate(String expression, Consumer<String> fault) {
    JsonQuery query = compile(expression, fault);
    return json -> {
      List<JsonNode> results = apply(query, json);
      return !results.isEmpty()
          && !results.get(0).isNull()
          && !(results.get(0).isBoolean() && !results.get(0).asBoolean());
    };
  }

  /** The texts that the expression yields. */
  static OutcomeRule.FailedIds ids(String expression, Consumer<String> fault) {
    JsonQuery query = compile(expression, fault);
    return json -> {
      List<String> ids = new ArrayList<>();
      for (JsonNode result : apply(query, json)) {
        if (result.isArray()) {
          result.forEach(each -> ids.add(each.asText()));
        } else if (!result.isNull()) {
          ids.add(result.asText());
        }
      }
      return ids;
    };
  }

  private static JsonQuery compile(String expression, Consumer<String> fault) {
    try {
      return JsonQuery.compile(expression, Versions.JQ_1_6);
    } catch (JsonQueryException e) {
      fault.accept("not a jq expression: " + e.getMessage());
      return NOTHING;
    }
  }

  private static final JsonQuery NOTHING = compileNothing();

  private static JsonQuery compileNothing() {
    try {
      return JsonQuery.compile("empty", Versions.JQ_1_6);
    } catch (JsonQueryException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<JsonNode> apply(JsonQuery query, JsonNode json) {
    List<JsonNode> results = new ArrayList<>();
    try {
      query.apply(Scope.newChildScope(SCOPE), json, results::add);
    } catch (JsonQueryException e) {
      return List.of(); // the answer has another shape: no match
    }
    return results;
  }
}
