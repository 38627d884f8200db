/**
 * The program: its settings, and the one class that wires the rooms together. Each room below
 * depends only on those before it: job, ledger, limit, connector, filter, batch, delivery, intake,
 * access, page, cli, demo.
 */
@NullMarked
package io.egression;

import org.jspecify.annotations.NullMarked;
