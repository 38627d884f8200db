/**
 * The record of every job, lane, attempt and decision: PostgreSQL, its migrations and all SQL about
 * them; each class holds the statements of one verb. Time is the database's. It must not know
 * Camel, the broker, HTTP or how a connector is called.
 *
 * <p>Lock order everywhere: lanes by (account, partition key), then accounts; lanes are locked in
 * one statement and their jobs read in the next.
 */
@NullMarked
package io.egression.ledger;

import org.jspecify.annotations.NullMarked;
