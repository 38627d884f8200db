/** Tells others what has happened: operators, and those who handed jobs over. */
@NullMarked
package io.egression.notify;

import org.jspecify.annotations.NullMarked;
