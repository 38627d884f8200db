/**
 * What integration teams edit: connectors (Kamelets and their policies) and accounts, read from
 * YAML files and checked, and what a connector's answers mean. It must not know where jobs are
 * stored or how runs travel.
 */
@NullMarked
package io.egression.connector;

import org.jspecify.annotations.NullMarked;
