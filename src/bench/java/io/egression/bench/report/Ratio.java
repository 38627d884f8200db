package io.egression.bench.report;

import java.util.function.UnaryOperator;

/**
 * A column that sets a figure against the same figure of another case.
 *
 * @param column its title
 * @param figure which figure
 * @param base the case that it is divided by
 */
public record Ratio(String column, String figure, UnaryOperator<Case> base) {}
