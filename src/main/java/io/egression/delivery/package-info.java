/**
 * The delivery loop's beans and threads: runs travel through the broker, are claimed, enriched,
 * routed, called and recorded. The sequence itself is in {@code routes/}. It must not know how jobs
 * come in or who may ask for what.
 */
@NullMarked
package io.egression.delivery;

import org.jspecify.annotations.NullMarked;
