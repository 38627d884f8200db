/**
 * Who may ask: API keys, kept as hashes, and the one gate that every HTTP request passes. It must
 * not know what is asked.
 */
@NullMarked
package io.egression.access;

import org.jspecify.annotations.NullMarked;
