/** The few pure functions that run for every call, timed alone by JMH. */
@NullMarked
package io.egression.bench.function;

import org.jspecify.annotations.NullMarked;
