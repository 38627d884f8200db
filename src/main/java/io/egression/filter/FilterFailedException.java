package io.egression.filter;

import io.egression.connector.FilterDefinition;
import io.egression.connector.FilterDefinition.Expression;

/** An expression of a filter failed on an object; says which, and on what. */
public final class FilterFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  FilterFailedException(
      FilterDefinition filter, Expression expression, Subject subject, RuntimeException fault) {
    super(
        "%s: %s failed on %s: %s"
            .formatted(filter, expression, subject, String.valueOf(rootMessage(fault))),
        fault);
  }

  private static String rootMessage(Throwable fault) {
    Throwable root = fault;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }
}
