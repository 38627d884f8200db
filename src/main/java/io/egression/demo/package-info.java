/**
 * The demonstration: a sample catalogue, a Metadata API and three channels to deliver it to. It
 * uses the hub as any producer does, over its API.
 */
@NullMarked
package io.egression.demo;

import org.jspecify.annotations.NullMarked;
