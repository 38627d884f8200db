/**
 * The contenders in Java, each a program that takes orders on standard input. They must not know
 * the driver's side, apart from the numbers of jobs.
 */
@NullMarked
package io.egression.bench.peer;

import org.jspecify.annotations.NullMarked;
