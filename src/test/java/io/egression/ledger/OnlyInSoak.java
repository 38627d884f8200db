package io.egression.ledger;

import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/** Skips a property unless {@code egression.soak} is set. */
final class OnlyInSoak implements SkipExecutionHook {
  @Override
  public SkipResult shouldBeSkipped(LifecycleContext context) {
    return Boolean.getBoolean("egression.soak")
        ? SkipResult.doNotSkip()
        : SkipResult.skip("only with -Degression.soak=true");
  }
}
