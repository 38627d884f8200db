/**
 * What every measurement stands on: the one PostgreSQL, the one sink and the contenders, each in a
 * process of its own. It must not know what is measured.
 */
@NullMarked
package io.egression.bench.stage;

import org.jspecify.annotations.NullMarked;
