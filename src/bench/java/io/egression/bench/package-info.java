/** The benchmarks beside the peers; {@code src/bench/README.md} says how to run and read them. */
@NullMarked
package io.egression.bench;

import org.jspecify.annotations.NullMarked;
