/**
 * A PostgreSQL server of the hub's own: unpacked, started, watched and stopped with it. It must not
 * know what is kept in it.
 */
@NullMarked
package io.egression.ledger.embedded;

import org.jspecify.annotations.NullMarked;
