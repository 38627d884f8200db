/**
 * The page for people, at {@code /}: static files that ask the HTTP API with the key that its user
 * signs in with. It has no data of its own and must know nothing of the ledger.
 */
@NullMarked
package io.egression.page;

import org.jspecify.annotations.NullMarked;
