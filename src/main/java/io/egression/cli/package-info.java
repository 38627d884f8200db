/**
 * The command line. A command starts a hub through {@link io.egression.cli.HubStarter}, or talks to
 * one over its API; it must not know how a hub is wired.
 */
@NullMarked
package io.egression.cli;

import org.jspecify.annotations.NullMarked;
