/**
 * Filter predicates: which objects are delivered. It evaluates what a filter's file says over a job
 * and an object, and must know nothing of how either came here or goes on.
 */
@NullMarked
package io.egression.filter;

import org.jspecify.annotations.NullMarked;
