package io.egression.filter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.connector.Fault;
import io.egression.connector.FilterDefinition;
import io.egression.connector.FilterDefinition.ActionIs;
import io.egression.connector.FilterDefinition.All;
import io.egression.connector.FilterDefinition.Any;
import io.egression.connector.FilterDefinition.Condition;
import io.egression.connector.FilterDefinition.Expression;
import io.egression.connector.FilterDefinition.Not;
import io.egression.connector.FilterDefinition.TypeIs;
import io.egression.connector.JqExpression;
import io.egression.job.Action;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultExchange;

/**
 * Judges objects by filter predicates. A delete is judged by action and object type alone, and only
 * if the filter names the action: what an expression would say of it counts neither way. Thread
 * safe.
 */
public final class Filters {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final CamelContext camel;

  /** By language and text: accounts share filters, and filters expressions. */
  private final Map<String, Predicate<ObjectNode>> compiled = new ConcurrentHashMap<>();

  /**
   * @param camel whose languages evaluate the expressions
   */
  public Filters(CamelContext camel) {
    this.camel = camel;
  }

  /** Every expression that is not right, where it stands. */
  public List<Fault> check(Collection<FilterDefinition> filters) {
    List<Fault> faults = new ArrayList<>();
    filters.forEach(filter -> check(filter.match(), faults));
    return faults;
  }

  private void check(Condition condition, List<Fault> faults) {
    if (condition instanceof All all) {
      all.conditions().forEach(each -> check(each, faults));
    } else if (condition instanceof Any any) {
      any.conditions().forEach(each -> check(each, faults));
    } else if (condition instanceof Not not) {
      check(not.condition(), faults);
    } else if (condition instanceof Expression expression) {
      try {
        compiled(expression);
      } catch (RuntimeException e) {
        String what = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        faults.add(expression.fault().saying(expression.language() + ": " + what));
      }
    }
  }

  /**
   * What the filter says of the object.
   *
   * @throws FilterFailedException if an expression fails on it
   */
  public Judgement judge(FilterDefinition filter, Subject subject) {
    Optional<String> not = new Judge(filter, subject).whyNot(filter.match());
    return new Judgement(filter, not.isEmpty(), not.orElse(""));
  }

  private final class Judge {
    private final FilterDefinition filter;
    private final Subject subject;
    private final ObjectNode json;

    Judge(FilterDefinition filter, Subject subject) {
      this.filter = filter;
      this.subject = subject;
      this.json = subject.json();
    }

    /** Empty: it matches, or nobody can say. */
    Optional<String> whyNot(Condition condition) {
      return holds(condition) == Answer.NO ? Optional.of(reason(condition)) : Optional.empty();
    }

    /** The first that does not hold says more than all of them. */
    private String reason(Condition condition) {
      if (condition instanceof All all) {
        return all.conditions().stream()
            .filter(each -> holds(each) == Answer.NO)
            .findFirst()
            .map(this::reason)
            .orElse(condition.toString());
      }
      return "does not match " + condition;
    }

    private Answer holds(Condition condition) {
      if (condition instanceof All all) {
        return first(all.conditions(), Answer.NO);
      }
      if (condition instanceof Any any) {
        return first(any.conditions(), Answer.YES);
      }
      if (condition instanceof Not not) {
        return holds(not.condition()).not();
      }
      if (condition instanceof ActionIs is) {
        return Answer.of(is.actions().contains(subject.action()));
      }
      if (condition instanceof TypeIs is) {
        return Answer.of(is.types().contains(subject.objectType()));
      }
      return holds((Expression) condition);
    }

    /** Those after a decisive one are not asked: they may be about other objects. */
    private Answer first(List<Condition> conditions, Answer decisive) {
      Answer answer = Answer.UNKNOWN;
      for (Condition each : conditions) {
        Answer one = holds(each);
        if (one == decisive) {
          return one;
        }
        answer = one == Answer.UNKNOWN ? answer : one;
      }
      return answer;
    }

    private Answer holds(Expression expression) {
      if (subject.action() == Action.DELETE) {
        return Answer.UNKNOWN;
      }
      try {
        return Answer.of(compiled(expression).test(json));
      } catch (RuntimeException e) { // whatever a language throws on what it did not expect
        throw new FilterFailedException(filter, expression, subject, e);
      }
    }
  }

  private enum Answer {
    YES,
    NO,
    UNKNOWN;

    static Answer of(boolean yes) {
      return yes ? YES : NO;
    }

    Answer not() {
      return this == UNKNOWN ? UNKNOWN : of(this == NO);
    }
  }

  private Predicate<ObjectNode> compiled(Expression expression) {
    return compiled.computeIfAbsent(
        expression.language() + ' ' + expression.text(), key -> compile(expression));
  }

  private Predicate<ObjectNode> compile(Expression expression) {
    if (expression.language().equals("jq")) {
      return JqExpression.strict(expression.text())::test;
    }
    org.apache.camel.Predicate predicate =
        camel.resolveLanguage(expression.language()).createPredicate(expression.text());
    predicate.init(camel);
    return json -> predicate.matches(exchange(json));
  }

  private Exchange exchange(ObjectNode json) {
    Exchange exchange = new DefaultExchange(camel);
    exchange.getMessage().setBody(JSON.convertValue(json, Map.class));
    return exchange;
  }
}
