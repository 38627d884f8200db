package io.egression.intake;

import io.egression.intake.Problem.FieldFault;
import io.egression.ledger.DeadReasons;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP side of what support people ask; the bean {@code support} of the routes. Thread safe.
 */
public final class SupportHttp {
  private static final int GROUPS = 500;
  private static final String DOCUMENT = "/openapi/egression.yaml";

  private final ObjectApi objects;
  private final Overview overview;
  private final DeadReasons reasons;
  private final FilterApi filters;
  private final HttpApi http;

  public SupportHttp(
      ObjectApi objects, Overview overview, DeadReasons reasons, FilterApi filters, HttpApi http) {
    this.objects = objects;
    this.overview = overview;
    this.reasons = reasons;
    this.filters = filters;
    this.http = http;
  }

  /** GET /v1/openapi.yaml. */
  public void openapi(Exchange exchange) throws IOException {
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    try (InputStream document = SupportHttp.class.getResourceAsStream(DOCUMENT)) {
      message.setBody(Objects.requireNonNull(document).readAllBytes());
    }
    message.setHeader(Exchange.CONTENT_TYPE, "application/yaml");
  }

  /** GET /v1/objects/{type}/{id}. */
  public void object(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          Message message = exchange.getMessage();
          HttpApi.query(message, Set.of());
          String type = HttpApi.pathParameter(message, "type");
          String id = HttpApi.pathParameter(message, "id");
          require("type", type, "id", id);
          return new HttpApi.Reply(200, objects.find(type, id, caller));
        });
  }

  /** GET /v1/objects/{type}/{id}/dry-run. */
  public void dryRun(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          Message message = exchange.getMessage();
          var query = HttpApi.query(message, Set.of("action", "filter"));
          String type = HttpApi.pathParameter(message, "type");
          String id = HttpApi.pathParameter(message, "id");
          require("type", type, "id", id);
          FilterApi.Asked asked =
              new FilterApi.Asked(type, id, query.get("action"), query.get("filter"));
          return new HttpApi.Reply(200, filters.dryRun(asked, caller));
        });
  }

  /** GET /v1/filters. */
  public void filters(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          HttpApi.query(exchange.getMessage(), Set.of());
          return new HttpApi.Reply(200, filters.filters(caller));
        });
  }

  /** GET /v1/overview. */
  public void overview(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          HttpApi.query(exchange.getMessage(), Set.of());
          return new HttpApi.Reply(200, overview.view(caller));
        });
  }

  /** GET /v1/dead-letters. */
  public void deadLetters(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          var query = HttpApi.query(exchange.getMessage(), Set.of("subscription", "channel"));
          String subscription = query.get("subscription");
          String channel = query.get("channel");
          require("subscription", subscription, "channel", channel);
          return new HttpApi.Reply(
              200, reasons.groups(JobApi.subscriptions(subscription, caller), channel, GROUPS));
        });
  }

  private static void require(
      String one, @Nullable String text, String other, @Nullable String otherText) {
    List<FieldFault> faults = new ArrayList<>();
    JobApi.checkText(one, text, faults);
    JobApi.checkText(other, otherText, faults);
    JobApi.requireNone(faults);
  }
}
