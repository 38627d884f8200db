package io.egression.connector;

import io.egression.job.Action;
import java.util.List;
import java.util.Set;

/**
 * A filter predicate as its file says it: what is delivered.
 *
 * @param hash SHA-256 of what it says, comments and layout aside, in hexadecimal
 * @param content what it says, as JSON
 */
public record FilterDefinition(
    String id, int version, String hash, String content, String description, Condition match) {

  /** What must hold. */
  public sealed interface Condition {
    /** As a person says it. */
    @Override
    String toString();
  }

  /** Each of them. */
  public record All(List<Condition> conditions) implements Condition {
    public All {
      conditions = List.copyOf(conditions);
    }

    @Override
    public String toString() {
      return "all of " + conditions;
    }
  }

  /** One of them at least. */
  public record Any(List<Condition> conditions) implements Condition {
    public Any {
      conditions = List.copyOf(conditions);
    }

    @Override
    public String toString() {
      return "any of " + conditions;
    }
  }

  /** Not this one. */
  public record Not(Condition condition) implements Condition {
    @Override
    public String toString() {
      return "not " + condition;
    }
  }

  /** The job's action is one of these. */
  public record ActionIs(Set<Action> actions) implements Condition {
    public ActionIs {
      actions = Set.copyOf(actions);
    }

    @Override
    public String toString() {
      return "action " + actions.stream().map(Action::word).sorted().toList();
    }
  }

  /** The job's object type is one of these. */
  public record TypeIs(Set<String> types) implements Condition {
    public TypeIs {
      types = Set.copyOf(types);
    }

    @Override
    public String toString() {
      return "objectType " + types.stream().sorted().toList();
    }
  }

  /**
   * An expression over the job and its object.
   *
   * @param language simple, jsonpath or jq
   * @param fault where it stands, for what is found wrong with it
   */
  public record Expression(String language, String text, Fault fault) implements Condition {
    @Override
    public String toString() {
      return language + " '" + text + "'";
    }
  }

  /** Whether it looks at more than action and type. */
  public boolean hasExpressions() {
    return hasExpressions(match);
  }

  private static boolean hasExpressions(Condition condition) {
    if (condition instanceof All all) {
      return all.conditions.stream().anyMatch(FilterDefinition::hasExpressions);
    }
    if (condition instanceof Any any) {
      return any.conditions.stream().anyMatch(FilterDefinition::hasExpressions);
    }
    if (condition instanceof Not not) {
      return hasExpressions(not.condition);
    }
    return condition instanceof Expression;
  }

  /** Its name and version, as people say it. */
  @Override
  public String toString() {
    return "filter " + id + " version " + version;
  }
}
