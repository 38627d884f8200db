package io.egression.intake;

import io.egression.intake.Problem.ProblemException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.camel.Exchange;

/** What configuration is in force; the bean {@code configuration} of its route. Thread safe. */
public final class ConfigurationHttp {
  /** What is wrong with an edited file, and where. */
  public record FaultView(String file, int line, int column, String message) {}

  /**
   * @param hash of the files in force
   * @param since when they were taken over
   * @param faults of an edit that was not
   */
  public record View(String hash, Instant since, List<FaultView> faults) {}

  private final Supplier<View> view;
  private final HttpApi http;

  public ConfigurationHttp(Supplier<View> view, HttpApi http) {
    this.view = view;
    this.http = http;
  }

  /** GET /v1/configuration. It tells of every subscription's files. */
  public void answer(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          HttpApi.query(exchange.getMessage(), Set.of());
          if (caller.subscriptions() != null || caller.role() == Caller.Role.PRODUCER) {
            throw new ProblemException(
                Problem.of(
                    403,
                    "forbidden",
                    "This key may not do that",
                    "It takes a viewer's key for all subscriptions."));
          }
          return new HttpApi.Reply(200, view.get());
        });
  }
}
