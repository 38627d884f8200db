package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.Suggestion;
import io.egression.delivery.Dispatcher;
import io.egression.delivery.Replays;
import io.egression.intake.Caller.Role;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.job.AccountKey;
import io.egression.ledger.AccountQueries;
import io.egression.ledger.Audit;
import io.egression.ledger.Cancellation;
import io.egression.ledger.JobQueries;
import io.egression.ledger.Pauses;
import io.egression.ledger.Replay;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Carries out an operator's word, within its subscriptions. Thread safe. */
public final class OperatorApi {
  private static final Set<String> FILTER_FIELDS =
      Set.of("subscription", "channel", "reason", "from", "to");

  /** What it works with. */
  public record Ledger(
      JobQueries jobs,
      AccountQueries accounts,
      Cancellation cancellation,
      Pauses pauses,
      Audit audit) {}

  private final Ledger ledger;
  private final Replays replays;
  private final Dispatcher dispatcher;
  private final ObjectMapper json = new ObjectMapper();

  public OperatorApi(Ledger ledger, Replays replays, Dispatcher dispatcher) {
    this.ledger = ledger;
    this.replays = replays;
    this.dispatcher = dispatcher;
  }

  /** Cancels a job that is not final; 202 where its run is being worked on. */
  public int cancel(String id, Caller caller) {
    Cancellation.Result result = ledger.cancellation.cancel(mine(id, caller), caller.name());
    dispatcher.nudge();
    return switch (result) {
      case CANCELLED -> 200;
      case ASKED -> 202;
      case FINAL -> throw conflict("The job is final already");
      case UNKNOWN -> throw missing("There is no such job");
    };
  }

  /** Replays a dead job. */
  public void replay(String id, Caller caller) {
    if (!replays.one(mine(id, caller), caller.name())) {
      throw conflict("Only a dead job can be replayed");
    }
  }

  /** Gives up a dead job. */
  public void discard(String id, Caller caller) {
    if (!replays.discard(mine(id, caller), caller.name())) {
      throw conflict("Only a dead job can be discarded");
    }
  }

  /**
   * Begins to replay, or to discard, the dead jobs that match; returns the id to ask for progress
   * by.
   */
  public UUID many(byte[] body, boolean discard, Caller caller) {
    operator(caller);
    Replay.Filter filter = filter(body);
    if (caller.subscriptions() != null
        && (filter.subscription() == null || !caller.maySee(filter.subscription()))) {
      throw new ProblemException(
          new Problem(
              "urn:egression:problem:invalid-filter",
              "The filter is not right",
              422,
              null,
              List.of(new FieldFault("/subscription", "must be one that this key is for"))));
    }
    String verb = discard ? "discard" : "replay";
    ledger.audit.note(caller.name(), verb, filter.subscription(), words(filter));
    return replays.many(filter, caller.name(), discard);
  }

  private static String words(Replay.Filter filter) {
    StringBuilder words = new StringBuilder("dead jobs");
    Map<String, Object> given = new LinkedHashMap<>();
    given.put("channel", filter.channel());
    given.put("reason", filter.reason());
    given.put("from", filter.from());
    given.put("to", filter.to());
    given.forEach((name, value) -> words.append(value == null ? "" : ", " + name + " " + value));
    return words.toString();
  }

  /** How far a replay, or a discard, of many has come. */
  public Replay.Progress progress(String id, boolean discard, Caller caller) {
    return uuid(id)
        .flatMap(known -> replays.progress(known, discard))
        .filter(
            progress ->
                caller.subscriptions() == null
                    || (progress.subscription() != null && caller.maySee(progress.subscription())))
        .orElseThrow(() -> missing("There is no such replay or discard"));
  }

  /** How the caller's accounts stand. */
  public List<AccountQueries.Standing> accounts(Caller caller) {
    return ledger.accounts.all(caller.subscriptions());
  }

  /** Stops an account's calls until it is resumed. */
  public void pauseAccount(String subscription, String channel, Caller caller) {
    AccountKey account = account(subscription, channel, caller);
    ledger.audit.note(caller.name(), "pause", subscription, "account " + account);
    ledger.pauses.pauseAccount(account, null, "paused by " + caller.name());
  }

  /** Lets an account go on, whatever paused it. */
  public void resumeAccount(String subscription, String channel, Caller caller) {
    AccountKey account = account(subscription, channel, caller);
    ledger.audit.note(caller.name(), "resume", subscription, "account " + account);
    ledger.pauses.resumeAccount(account);
    dispatcher.nudge();
  }

  /** Stops a connector's calls until it is resumed. */
  public void pauseConnector(String connector, Caller caller) {
    everything(caller);
    known(connector);
    ledger.audit.note(caller.name(), "pause", null, "connector " + connector);
    ledger.pauses.pauseConnector(connector, null, "paused by " + caller.name());
  }

  /** Lets a connector go on, whatever paused it. */
  public void resumeConnector(String connector, Caller caller) {
    everything(caller);
    known(connector);
    ledger.audit.note(caller.name(), "resume", null, "connector " + connector);
    ledger.pauses.resumeConnector(connector);
    dispatcher.nudge();
  }

  /** A NUL is no text for PostgreSQL. */
  private static boolean hasControls(String name) {
    return name.chars().anyMatch(Character::isISOControl);
  }

  private void known(String connector) {
    if (hasControls(connector) || !ledger.accounts.isConnector(connector)) {
      throw missing("There is no such connector");
    }
  }

  private AccountKey account(String subscription, String channel, Caller caller) {
    operator(caller);
    AccountKey key = new AccountKey(subscription, channel);
    if (!caller.maySee(subscription)
        || hasControls(subscription + channel)
        || !ledger.accounts.isKnown(key)) {
      throw missing("There is no such account");
    }
    return key;
  }

  private UUID mine(String id, Caller caller) {
    operator(caller);
    return uuid(id)
        .flatMap(ledger.jobs::find)
        .filter(found -> caller.maySee(found.job().subscription()))
        .map(found -> found.job().id())
        .orElseThrow(() -> missing("There is no such job"));
  }

  private static void operator(Caller caller) {
    if (caller.role() != Role.OPERATOR && caller.role() != Role.ADMIN) {
      throw new ProblemException(
          Problem.of(403, "forbidden", "This key may not do that", "It takes an operator's key."));
    }
  }

  private static void everything(Caller caller) {
    operator(caller);
    if (caller.subscriptions() != null) {
      throw new ProblemException(
          Problem.of(
              403,
              "forbidden",
              "This key may not do that",
              "A connector serves every subscription: it takes a key for all of them."));
    }
  }

  private Replay.Filter filter(byte[] body) {
    List<FieldFault> faults = new ArrayList<>();
    JsonNode node = tree(body);
    node.fieldNames()
        .forEachRemaining(
            name -> {
              if (!FILTER_FIELDS.contains(name)) {
                faults.add(
                    new FieldFault(
                        "/" + name, "is unknown; " + Suggestion.forWord(name, FILTER_FIELDS)));
              } else if (!node.get(name).isTextual()) {
                faults.add(new FieldFault("/" + name, "must be a string"));
              } else if (node.get(name).asText().chars().anyMatch(Character::isISOControl)) {
                faults.add(new FieldFault("/" + name, "must not contain control characters"));
              }
            });
    Replay.Filter filter =
        new Replay.Filter(
            text(node, "subscription"),
            text(node, "channel"),
            text(node, "reason"),
            instant(node, "from", faults),
            instant(node, "to", faults));
    if (!faults.isEmpty()) {
      throw new ProblemException(
          new Problem(
              "urn:egression:problem:invalid-filter",
              "The filter is not right",
              422,
              null,
              faults));
    }
    return filter;
  }

  private JsonNode tree(byte[] body) {
    try {
      JsonNode node = json.readTree(body);
      if (node != null && node.isObject()) {
        return node;
      }
    } catch (IOException e) {
      throw malformed();
    }
    throw malformed();
  }

  private static ProblemException malformed() {
    return new ProblemException(
        Problem.of(400, "malformed-json", "The body is not a JSON object", null));
  }

  private static @Nullable String text(JsonNode node, String field) {
    return node.path(field).isTextual() ? node.get(field).asText() : null;
  }

  private static @Nullable Instant instant(JsonNode node, String field, List<FieldFault> faults) {
    String text = text(node, field);
    try {
      return text == null ? null : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      faults.add(
          new FieldFault("/" + field, "must be a date and time with offset: 2026-12-24T18:00:00Z"));
      return null;
    }
  }

  private static ProblemException conflict(String title) {
    return new ProblemException(Problem.of(409, "conflict", title, null));
  }

  private static ProblemException missing(String title) {
    return new ProblemException(Problem.of(404, "not-found", title, null));
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return text.length() == 36 ? Optional.of(UUID.fromString(text)) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
