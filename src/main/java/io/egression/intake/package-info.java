/**
 * How jobs come in and are asked about: reading and checking submissions, fanning them out to
 * accounts, the HTTP API's answers and problem documents. It must not know how jobs are delivered.
 */
@NullMarked
package io.egression.intake;

import org.jspecify.annotations.NullMarked;
