/** The seven promises: each test class is named after one and fails when it is broken. */
package io.egression.promises;
