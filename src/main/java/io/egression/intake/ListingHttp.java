package io.egression.intake;

import io.egression.connector.Catalogue;
import io.egression.delivery.ObjectListing;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.job.AccountKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/** Answers which objects there are; the bean {@code listing}. Thread safe. */
public final class ListingHttp {
  private final ObjectListing objects;
  private final Supplier<Catalogue> catalogue;
  private final HttpApi http;

  public ListingHttp(ObjectListing objects, Supplier<Catalogue> catalogue, HttpApi http) {
    this.objects = objects;
    this.catalogue = catalogue;
    this.http = http;
  }

  /** GET /v1/objects/{type}. */
  public void page(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          Message message = exchange.getMessage();
          Map<String, String> query =
              HttpApi.query(message, Set.of("subscription", "channel", "cursor"));
          String type = HttpApi.pathParameter(message, "type");
          String cursor = query.get("cursor");
          List<FieldFault> faults = new ArrayList<>();
          JobApi.checkText("type", type, faults);
          JobApi.checkText("cursor", cursor, faults);
          String subscription = required("subscription", query, faults);
          String channel = required("channel", query, faults);
          JobApi.requireNone(faults);
          return new HttpApi.Reply(200, page(account(subscription, channel, caller), type, cursor));
        });
  }

  private static String required(String name, Map<String, String> query, List<FieldFault> faults) {
    String value = query.getOrDefault(name, "");
    if (value.isEmpty()) {
      faults.add(FieldFault.ofParameter(name, "is missing"));
    }
    return value;
  }

  private AccountKey account(String subscription, String channel, Caller caller) {
    AccountKey key = new AccountKey(subscription, channel);
    if (!caller.maySee(subscription) || catalogue.get().account(key).isEmpty()) {
      throw new ProblemException(
          Problem.of(404, "no-such-account", "There is no such account", null));
    }
    return key;
  }

  private ObjectListing.Page page(AccountKey account, String type, @Nullable String cursor) {
    try {
      return objects.page(account, type, cursor);
    } catch (ObjectListing.NoListingException e) {
      throw new ProblemException(
          Problem.of(
              502,
              "no-listing",
              "The Metadata API does not say which objects there are",
              e.getMessage()));
    }
  }
}
