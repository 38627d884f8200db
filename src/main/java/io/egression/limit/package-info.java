/**
 * How often a destination may be called, as vendors say it: rates, windows, quotas, in calls or in
 * objects. Values and arithmetic only; what has been used is in the ledger. It must not know
 * connectors or deliveries.
 */
@NullMarked
package io.egression.limit;

import org.jspecify.annotations.NullMarked;
