/** What was measured: medians and ratios, as JSON, Markdown and SVG. It must not measure. */
@NullMarked
package io.egression.bench.report;

import org.jspecify.annotations.NullMarked;
