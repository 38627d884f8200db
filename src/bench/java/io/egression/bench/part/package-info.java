/** What is measured: one class per part of the suite. */
@NullMarked
package io.egression.bench.part;

import org.jspecify.annotations.NullMarked;
