/**
 * The words of the hub: what a job is, where it can stand and what an attempt can come to. Values
 * only. It must not know how jobs are stored, sent or delivered.
 */
@NullMarked
package io.egression.job;

import org.jspecify.annotations.NullMarked;
