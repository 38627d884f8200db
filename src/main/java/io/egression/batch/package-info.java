/**
 * Batches: jobs that belong together, whose belts a channel gets one after another. It opens belts
 * and says what they wait for; it must not know how a job is delivered, nor how one comes in.
 */
@NullMarked
package io.egression.batch;

import org.jspecify.annotations.NullMarked;
