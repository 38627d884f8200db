package io.egression;

import org.apache.camel.CamelContext;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.spi.CliConnectorFactory;

/** Camel's command line connects to whatever has its connector on the class path. */
final class WithoutCamelCli extends MainListenerSupport {
  @Override
  public void beforeInitialize(BaseMainSupport main) {
    CamelContext context = main.getCamelContext();
    CliConnectorFactory factory =
        context.getCamelContextExtension().getContextPlugin(CliConnectorFactory.class);
    if (factory != null) {
      factory.setEnabled(false);
    }
  }
}
