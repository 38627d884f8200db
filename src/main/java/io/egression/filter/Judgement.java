package io.egression.filter;

import io.egression.connector.FilterDefinition;

/**
 * What a filter said of an object.
 *
 * @param reason why it does not match; empty if it does
 */
public record Judgement(FilterDefinition filter, boolean matches, String reason) {}
