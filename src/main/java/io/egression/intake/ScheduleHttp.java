package io.egression.intake;

import java.util.Set;
import org.apache.camel.Exchange;

/** The HTTP side of recurring jobs; the bean {@code schedules} of the routes. Thread safe. */
public final class ScheduleHttp {
  private final Schedules schedules;
  private final HttpApi http;

  public ScheduleHttp(Schedules schedules, HttpApi http) {
    this.schedules = schedules;
    this.http = http;
  }

  /** GET /v1/schedules. */
  public void list(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          HttpApi.query(exchange.getMessage(), Set.of());
          return new HttpApi.Reply(200, schedules.list(caller));
        });
  }
}
