package io.egression;

import java.util.Objects;
import org.apache.camel.CamelContext;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.spi.CliConnectorFactory;
import org.jspecify.annotations.Nullable;

/**
 * Camel's command line, which connects by itself to whatever has its connector on the class path,
 * and while that starts: its consoles get in the way of those that Camel is starting. So it is kept
 * away, and comes, where it is wanted, when Camel has started.
 */
public final class CamelCli extends MainListenerSupport {
  /** Keeps it away from the context, which has not been started. */
  public static <C extends CamelContext> C keptFrom(C context) {
    CliConnectorFactory factory = factory(context);
    if (factory != null) {
      factory.setEnabled(false);
    }
    return context;
  }

  private static @Nullable CliConnectorFactory factory(CamelContext context) {
    return context.getCamelContextExtension().getContextPlugin(CliConnectorFactory.class);
  }

  @Override
  public void beforeInitialize(BaseMainSupport main) {
    keptFrom(main.getCamelContext());
  }

  /** Lets it come to the context, which has started. */
  static void joins(CamelContext context) {
    CliConnectorFactory factory = Objects.requireNonNull(factory(context));
    factory.setEnabled(true);
    try {
      context.addService(factory.createConnector());
    } catch (Exception e) { // Camel declares Exception
      throw new IllegalStateException(e);
    }
  }
}
