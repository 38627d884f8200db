package io.egression.connector;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What keeps an account's order together. The key follows from the object alone, so that all jobs
 * of an object have one key.
 */
public sealed interface PartitionBy {
  /** The whole account: its jobs are delivered one after another. */
  PartitionBy ACCOUNT = new Word("account");

  /** Each object type. */
  PartitionBy OBJECT_TYPE = new Word("objectType");

  /** Each object. */
  PartitionBy OBJECT = new Word("object");

  /** The longest key that the ledger takes. */
  int MOST = 200;

  /** The partition key of an object; empty: the expression yields none that can be one. */
  Optional<String> key(String objectType, String objectId);

  /**
   * By an expression.
   *
   * @throws IllegalArgumentException if it is no jq
   */
  static PartitionBy jq(String expression) {
    return new Expression(expression, JqExpression.text(expression));
  }

  /** As the account says it. */
  String text();

  /** One of the three that need no expression. */
  record Word(String text) implements PartitionBy {
    @Override
    public Optional<String> key(String objectType, String objectId) {
      return Optional.of(
          switch (text) {
            case "objectType" -> objectType;
            case "object" -> objectType + "/" + objectId;
            default -> "*";
          });
    }
  }

  /** jq over {@code {objectType, objectId}}. */
  record Expression(String text, JqExpression.Text jq) implements PartitionBy {
    static Expression of(String text, Consumer<String> fault) {
      return new Expression(text, JqExpression.text(text, fault));
    }

    @Override
    public Optional<String> key(String objectType, String objectId) {
      return jq.of(
              JsonNodeFactory.instance
                  .objectNode()
                  .put("objectType", objectType)
                  .put("objectId", objectId))
          .filter(key -> !key.isEmpty() && key.length() <= MOST)
          .filter(key -> key.chars().noneMatch(Character::isISOControl));
    }
  }
}
