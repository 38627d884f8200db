package io.egression.bench.peer;

import io.egression.CamelCli;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.main.Main;

/** A camel-main program with one route that nobody calls. */
public final class IdleCamel {
  private IdleCamel() {}

  /** Runs until its standard input ends. */
  public static void main(String[] arguments) throws Exception {
    Main main = new Main();
    main.setDefaultPropertyPlaceholderLocation("false");
    main.configure()
        .addRoutesBuilder(
            new RouteBuilder() {
              @Override
              public void configure() {
                from("direct:idle").to("log:idle");
              }
            });
    main.addMainListener(new CamelCli());
    main.start();
    System.out.println("=ready");
    while (System.in.read() >= 0) {
      continue;
    }
    System.exit(0);
  }
}
