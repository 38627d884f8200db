package io.egression.access;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.egression.connector.Suggestion;
import io.egression.intake.Caller;
import io.egression.intake.Caller.Role;
import io.egression.intake.HttpApi;
import io.egression.intake.JsonBody;
import io.egression.intake.Problem;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.ledger.Audit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * Keys, and the record of who did what, over HTTP: for admins, and one whose key is bound to
 * subscriptions neither sees nor makes a key that reaches farther. The bean {@code access} of the
 * routes. Thread safe.
 */
public final class AccessHttp {
  private static final Set<String> FIELDS = Set.of("name", "role", "subscriptions");
  private static final int NAME = 100;
  private static final int PAGE = 50;
  private static final int MOST = 500;

  private final AccessKeys keys;
  private final Audit audit;
  private final HttpApi http;

  /** A page of the record. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record AuditPage(List<Audit.Entry> records, @Nullable Long next) {}

  private record Asked(String name, Role role, @Nullable Set<String> subscriptions) {}

  public AccessHttp(AccessKeys keys, Audit audit, HttpApi http) {
    this.keys = keys;
    this.audit = audit;
    this.http = http;
  }

  /** GET /v1/keys. */
  public void list(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          admin(caller);
          HttpApi.query(exchange.getMessage(), Set.of());
          return new HttpApi.Reply(
              200,
              Map.of(
                  "keys",
                  keys.list().stream()
                      .filter(key -> reaches(caller, key.subscriptions()))
                      .toList()));
        });
  }

  /** POST /v1/keys. */
  public void create(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          admin(caller);
          byte[] body = exchange.getMessage().getBody(byte[].class);
          Asked asked = read(JsonBody.read(body == null ? new byte[0] : body), caller);
          audit.note(
              caller.name(),
              "create key",
              only(asked.subscriptions),
              "%s, %s, for %s"
                  .formatted(
                      asked.name,
                      word(asked.role),
                      asked.subscriptions == null ? "all" : asked.subscriptions));
          return new HttpApi.Reply(201, keys.make(asked.name, asked.role, asked.subscriptions));
        });
  }

  /** DELETE /v1/keys/{id}. */
  public void revoke(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          admin(caller);
          String id = HttpApi.pathParameter(exchange.getMessage(), "id");
          var key =
              keys.list().stream()
                  .filter(each -> each.id().toString().equals(id))
                  .filter(each -> reaches(caller, each.subscriptions()))
                  .findFirst()
                  .orElseThrow(
                      () ->
                          new ProblemException(
                              Problem.of(404, "not-found", "There is no such key", null)));
          audit.note(caller.name(), "revoke key", only(key.subscriptions()), key.name());
          if (!keys.revoke(UUID.fromString(id))) {
            throw new ProblemException(
                Problem.of(
                    409,
                    "conflict",
                    "The last admin's key for everything stays",
                    "Make another one first."));
          }
          return new HttpApi.Reply(200, Map.of("result", "revoked"));
        });
  }

  /** GET /v1/audit. */
  public void audit(Exchange exchange) {
    http.respond(
        exchange,
        caller -> {
          admin(caller);
          Message message = exchange.getMessage();
          Map<String, String> query = HttpApi.query(message, Set.of("cursor", "limit"));
          Long before = number("cursor", query.get("cursor"), Long.MAX_VALUE).orElse(null);
          int limit = number("limit", query.get("limit"), MOST).orElse((long) PAGE).intValue();
          List<Audit.Entry> found = audit.list(caller.subscriptions(), before, limit + 1);
          boolean more = found.size() > limit;
          List<Audit.Entry> page = more ? found.subList(0, limit) : found;
          return new HttpApi.Reply(
              200, new AuditPage(page, more ? page.get(limit - 1).number() : null));
        });
  }

  private static Optional<Long> number(String name, @Nullable String text, long most) {
    if (text == null) {
      return Optional.empty();
    }
    if (text.matches("[1-9]\\d{0,17}") && Long.parseLong(text) <= most) {
      return Optional.of(Long.parseLong(text));
    }
    throw new ProblemException(
        new Problem(
            "urn:egression:problem:invalid-query",
            "The query is not right",
            400,
            null,
            List.of(
                FieldFault.ofParameter(
                    name,
                    "must be a whole number from 1"
                        + (most == Long.MAX_VALUE ? "" : " to " + most)))));
  }

  private static void admin(Caller caller) {
    if (caller.role() != Role.ADMIN) {
      throw new ProblemException(
          Problem.of(403, "forbidden", "This key may not do that", "It takes an admin's key."));
    }
  }

  /** Whether all that such a key reaches is the caller's. */
  private static boolean reaches(Caller caller, @Nullable Set<String> subscriptions) {
    return caller.subscriptions() == null
        || (subscriptions != null && caller.subscriptions().containsAll(subscriptions));
  }

  private static @Nullable String only(@Nullable Set<String> subscriptions) {
    return subscriptions != null && subscriptions.size() == 1
        ? subscriptions.iterator().next()
        : null;
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  private static Asked read(JsonNode body, Caller caller) {
    List<FieldFault> faults = new ArrayList<>();
    body.fieldNames()
        .forEachRemaining(
            field -> {
              if (!FIELDS.contains(field)) {
                faults.add(
                    new FieldFault(
                        "/" + field, "is unknown; " + Suggestion.forWord(field, FIELDS)));
              }
            });
    String name = name(body.path("name"), faults);
    Optional<Role> role = role(body.path("role"), faults);
    Set<String> subscriptions = subscriptions(body.path("subscriptions"), faults);
    if (faults.isEmpty() && !reaches(caller, subscriptions)) {
      faults.add(new FieldFault("/subscriptions", "must be some that your key is for"));
    }
    if (!faults.isEmpty()) {
      throw new ProblemException(
          new Problem(
              "urn:egression:problem:invalid-key", "The key is not right", 422, null, faults));
    }
    return new Asked(name, role.orElseThrow(), subscriptions);
  }

  private static String name(JsonNode node, List<FieldFault> faults) {
    String name = node.isTextual() ? node.asText() : "";
    if (name.isBlank() || name.length() > NAME || name.chars().anyMatch(Character::isISOControl)) {
      faults.add(new FieldFault("/name", "must say whose key it is, in 1 to 100 characters"));
    }
    return name;
  }

  private static Optional<Role> role(JsonNode node, List<FieldFault> faults) {
    Optional<Role> role =
        Stream.of(Role.values()).filter(each -> word(each).equals(node.asText())).findFirst();
    if (role.isEmpty() || !node.isTextual()) {
      faults.add(new FieldFault("/role", "must be producer, viewer, operator or admin"));
    }
    return role;
  }

  private static @Nullable Set<String> subscriptions(JsonNode node, List<FieldFault> faults) {
    if (node.isMissingNode() || node.isNull()) {
      return null;
    }
    Set<String> subscriptions = new TreeSet<>();
    boolean right = node.isArray();
    for (JsonNode each : node) {
      right &= each.isTextual() && each.asText().matches("[A-Za-z0-9._-]{1,100}");
      subscriptions.add(each.asText());
    }
    if (!right) {
      faults.add(
          new FieldFault("/subscriptions", "must be an array of subscriptions; absent: all"));
    }
    return subscriptions;
  }
}
