package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.egression.connector.Belts;
import io.egression.connector.Catalogue;
import io.egression.connector.Suggestion;
import io.egression.intake.Caller.Role;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.ledger.BatchLedger;
import io.egression.ledger.BatchLedger.Batch;
import io.egression.ledger.BatchLedger.Belt;
import io.egression.ledger.BatchLedger.NewBatch;
import io.egression.ledger.LedgerAwayException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.camel.util.TimeUtils;
import org.jspecify.annotations.Nullable;

/** Batches, as their producers and operators see them: a caller its own only. Thread safe. */
public final class BatchApi {
  private static final Set<String> FIELDS =
      Set.of("subscription", "source", "name", "belts", "onDead", "sealAfter", "jobs", "seal");
  private static final Duration SEAL_AFTER = Duration.ofHours(1);
  private static final int MOST = 100;
  private static final int NAME = 200;

  /** Lines of a stream that are accepted at once. */
  private static final int CHUNK = 500;

  /** Where it all is kept, and how jobs join. */
  public record Parts(BatchLedger ledger, JobIntake intake, Supplier<Catalogue> catalogue) {}

  /** How a channel stands with a belt. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record BeltView(
      int belt,
      List<String> objectTypes,
      String state,
      int total,
      int open,
      int done,
      int dead,
      @Nullable Instant openedAt,
      @Nullable Double perMinute,
      @Nullable Instant estimatedEnd,
      @Nullable String waitsFor,
      List<UUID> deadJobs,
      @Nullable String releasedBy) {}

  /** How a channel stands. */
  public record ChannelView(String channel, List<BeltView> belts) {}

  /** A batch without its channels. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Summary(
      UUID id,
      String subscription,
      String source,
      @Nullable String name,
      String state,
      String onDead,
      Instant createdAt,
      @Nullable Instant sealedAt,
      Instant sealDue,
      int closedBelts,
      List<List<String>> belts) {}

  /**
   * A batch.
   *
   * @param jobs those that came with it; null: none did
   * @param lines how many came in a stream; null: it was none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      Summary batch,
      List<ChannelView> channels,
      @Nullable List<JobIntake.Accepted> jobs,
      @Nullable Long lines) {}

  private final Parts parts;
  private final Clock clock;
  private final ObjectMapper json = new ObjectMapper();

  public BatchApi(Parts parts, Clock clock) {
    this.parts = parts;
    this.clock = clock;
  }

  /**
   * Makes a batch, with its jobs if they come with it: then it is sealed unless it says otherwise.
   *
   * @param idempotencyKey the same key makes one batch
   * @throws ProblemException saying all that is not right: nothing is made then, or an empty batch
   */
  public View make(
      byte[] body, @Nullable String idempotencyKey, @Nullable String traceparent, Caller caller) {
    JsonNode node = JsonBody.read(body);
    NewBatch batch = read(node, idempotencyKey, caller);
    parts.ledger.make(batch);
    List<JobIntake.Accepted> jobs = List.of();
    boolean hasJobs = node.has("jobs");
    if (hasJobs) {
      jobs = accept(node, batch, idempotencyKey, traceparent, caller);
    }
    if (node.path("seal").asBoolean(hasJobs)) {
      parts.ledger.seal(batch.id());
    }
    parts.intake.nudge();
    return view(batch.id(), jobs, caller);
  }

  /**
   * Makes a batch of the first line and accepts the jobs of the others as they come, some hundred
   * at a time; at the end it is sealed, unless the first line says otherwise.
   *
   * @param idempotencyKey with the same key and lines, what was broken off goes on
   * @throws ProblemException saying which line is not right, or that the body broke off: what came
   *     before is accepted, and the batch is open
   */
  View stream(
      JsonLines lines,
      @Nullable String idempotencyKey,
      @Nullable String traceparent,
      Caller caller) {
    Streamed streamed = new Streamed();
    try {
      JsonNode first = first(lines);
      NewBatch batch = read(first, idempotencyKey, caller);
      parts.ledger.make(batch);
      streamed.batch = batch.id();
      for (List<JsonLines.Line> next = lines.next(CHUNK);
          !next.isEmpty();
          next = lines.next(CHUNK)) {
        List<JsonLines.Line> jobs =
            next.stream()
                .map(line -> new JsonLines.Line(line.number(), joined(line.json(), batch)))
                .toList();
        List<FieldFault> faults =
            parts.intake.acceptLines(jobs, idempotencyKey, traceparent, caller);
        if (!faults.isEmpty()) {
          throw streamed.stopped(422, "invalid-line", "A line is not right", faults);
        }
        streamed.lines += next.size();
      }
      if (first.path("seal").asBoolean(true)) {
        parts.ledger.seal(batch.id());
      }
      parts.intake.nudge();
      View view = view(batch.id(), null, caller);
      return new View(view.batch, view.channels, null, streamed.lines);
    } catch (JsonLines.FaultyLineException e) {
      throw streamed.stopped(422, "invalid-line", "A line is not right", List.of(e.fault()));
    } catch (InterruptedIOException e) {
      throw streamed.stopped(408, "too-slow", "The body stopped coming", List.of());
    } catch (IOException e) {
      throw streamed.stopped(400, "broken-off", "The body broke off", List.of());
    } catch (LedgerAwayException e) {
      throw streamed.stopped(
          503, "ledger-away", "The ledger is not reachable at present", List.of());
    }
  }

  private static JsonNode first(JsonLines lines) throws IOException {
    List<JsonLines.Line> first = lines.next(1);
    if (first.isEmpty()) {
      throw invalid(List.of(new FieldFault("/1", "is missing: the batch, without jobs")));
    }
    JsonNode batch = first.get(0).json();
    if (batch.has("jobs")) {
      throw invalid(List.of(new FieldFault("/1/jobs", "each job has a line of its own")));
    }
    return batch;
  }

  /** How far a stream has come. */
  private static final class Streamed {
    @Nullable UUID batch;
    long lines;

    ProblemException stopped(int status, String name, String title, List<FieldFault> faults) {
      String detail =
          batch == null
              ? "There is no batch yet."
              : "At least %d jobs are accepted into batch %s, which is open. With an Idempotency-Key, send all again under it."
                  .formatted(lines, batch);
      return new ProblemException(
          new Problem("urn:egression:problem:" + name, title, status, detail, faults));
    }
  }

  private List<JobIntake.Accepted> accept(
      JsonNode node,
      NewBatch batch,
      @Nullable String idempotencyKey,
      @Nullable String traceparent,
      Caller caller) {
    List<JsonNode> jobs = new ArrayList<>();
    node.get("jobs").forEach(job -> jobs.add(joined(job, batch)));
    byte[] array = json.createArrayNode().addAll(jobs).toString().getBytes(StandardCharsets.UTF_8);
    return parts.intake.accept(array, idempotencyKey, traceparent, caller);
  }

  private static JsonNode joined(JsonNode each, NewBatch batch) {
    if (!(each instanceof ObjectNode job)) {
      return each;
    }
    ObjectNode joined = job.deepCopy().put("batch", batch.id().toString());
    if (!joined.has("subscription")) {
      joined.put("subscription", batch.subscription());
    }
    if (!joined.has("source")) {
      joined.put("source", batch.source());
    }
    return joined;
  }

  private NewBatch read(JsonNode node, @Nullable String key, Caller caller) {
    List<FieldFault> faults = new ArrayList<>();
    if (!node.isObject()) {
      throw invalid(List.of(new FieldFault("", "must be an object: a batch")));
    }
    node.fieldNames()
        .forEachRemaining(
            name -> {
              if (!FIELDS.contains(name)) {
                faults.add(
                    new FieldFault("/" + name, "is unknown; " + Suggestion.forWord(name, FIELDS)));
              }
            });
    String subscription = text(node, "subscription", true, faults);
    String source = text(node, "source", true, faults);
    if (faults.isEmpty() && !caller.maySee(String.valueOf(subscription))) {
      faults.add(new FieldFault("/subscription", "this key is not for it"));
    }
    String onDead = node.path("onDead").asText("hold");
    if (!Set.of("hold", "continue").contains(onDead)) {
      faults.add(new FieldFault("/onDead", "must be hold or continue"));
    }
    if (node.has("jobs") && !node.get("jobs").isArray()) {
      faults.add(new FieldFault("/jobs", "must be an array of jobs"));
    }
    if (node.has("seal") && !node.get("seal").isBoolean()) {
      faults.add(new FieldFault("/seal", "must be true or false"));
    }
    Belts belts = parts.catalogue.get().belts();
    String named = text(node, "belts", false, faults);
    if (named != null && !belts.byName().containsKey(named)) {
      String known = Suggestion.forWord(named, belts.byName().keySet());
      faults.add(new FieldFault("/belts", "there are no such belts; " + known));
    }
    String name = text(node, "name", false, faults);
    Duration sealAfter = sealAfter(node, faults);
    if (!faults.isEmpty()) {
      throw invalid(faults);
    }
    List<List<String>> chosen =
        named == null ? belts.of(String.valueOf(subscription)) : belts.byName().get(named);
    UUID id =
        key == null
            ? io.egression.job.Job.newId()
            : UUID.nameUUIDFromBytes(
                (subscription + "\n" + source + "\n" + key).getBytes(StandardCharsets.UTF_8));
    return new NewBatch(
        id, String.valueOf(subscription), String.valueOf(source), name, chosen, onDead, sealAfter);
  }

  private static Duration sealAfter(JsonNode node, List<FieldFault> faults) {
    String text = node.path("sealAfter").asText("");
    if (text.isEmpty() && !node.has("sealAfter")) {
      return SEAL_AFTER;
    }
    if (!text.matches("[0-9]{1,6}(ms|s|m|h|d)")) {
      faults.add(new FieldFault("/sealAfter", "must be a duration: 30m, 1h, 7d"));
      return SEAL_AFTER;
    }
    return Duration.ofMillis(TimeUtils.toMilliSeconds(text));
  }

  private static @Nullable String text(
      JsonNode node, String field, boolean required, List<FieldFault> faults) {
    JsonNode value = node.path(field);
    if (value.isMissingNode() && !required) {
      return null;
    }
    String text = value.isTextual() ? value.asText() : "";
    if (text.isEmpty() || text.length() > NAME || text.chars().anyMatch(Character::isISOControl)) {
      faults.add(
          new FieldFault("/" + field, "must be a string of 1 to %d characters".formatted(NAME)));
    }
    return text;
  }

  private static ProblemException invalid(List<FieldFault> faults) {
    return new ProblemException(
        new Problem(
            "urn:egression:problem:invalid-batch", "The batch is not right", 422, null, faults));
  }

  /** The latest batches. */
  public Map<String, List<Summary>> list(Caller caller) {
    return Map.of(
        "batches",
        parts.ledger.latest(caller.subscriptions(), MOST).stream().map(BatchApi::summary).toList());
  }

  /** One batch, channel by channel. */
  public View find(String id, Caller caller) {
    return view(mine(id, caller).id(), null, caller);
  }

  /** No more jobs join. */
  public View seal(String id, Caller caller) {
    Batch batch = mine(id, caller);
    parts.ledger.seal(batch.id());
    parts.intake.nudge();
    return view(batch.id(), null, caller);
  }

  /** No more jobs join its belts up to this one. */
  public View close(String id, byte[] body, Caller caller) {
    Batch batch = mine(id, caller);
    int belt = belt(body, batch);
    if (!parts.ledger.close(batch.id(), belt)) {
      throw conflict("The batch is sealed already");
    }
    parts.intake.nudge();
    return view(batch.id(), null, caller);
  }

  /** Its belts up to this one go on as if no job of them were dead. */
  public View release(String id, byte[] body, Caller caller) {
    operator(caller);
    Batch batch = mine(id, caller);
    String channel = JsonBody.read(body).path("channel").asText(null);
    parts.ledger.release(batch.id(), channel, belt(body, batch), caller.name());
    parts.intake.nudge();
    return view(batch.id(), null, caller);
  }

  /** Its jobs are cancelled, those that are not final. */
  public View cancel(String id, Caller caller) {
    operator(caller);
    Batch batch = mine(id, caller);
    if (!parts.ledger.cancel(batch.id(), caller.name())) {
      throw conflict("The batch is cancelled already");
    }
    parts.intake.nudge();
    return view(batch.id(), null, caller);
  }

  private int belt(byte[] body, Batch batch) {
    JsonNode belt = JsonBody.read(body).path("belt");
    int most = batch.belts().size();
    if (!belt.isInt() || belt.asInt() < 1 || belt.asInt() > most) {
      throw invalid(List.of(new FieldFault("/belt", "must be a whole number from 1 to " + most)));
    }
    return belt.asInt();
  }

  private Batch mine(String id, Caller caller) {
    return uuid(id)
        .flatMap(parts.ledger::find)
        .filter(batch -> caller.maySee(batch.subscription()))
        .orElseThrow(
            () ->
                new ProblemException(Problem.of(404, "not-found", "There is no such batch", null)));
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return text.length() == 36 ? Optional.of(UUID.fromString(text)) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static void operator(Caller caller) {
    if (caller.role() != Role.OPERATOR && caller.role() != Role.ADMIN) {
      throw new ProblemException(
          Problem.of(403, "forbidden", "This key may not do that", "It takes an operator's key."));
    }
  }

  private static ProblemException conflict(String title) {
    return new ProblemException(Problem.of(409, "conflict", title, null));
  }

  private View view(UUID id, @Nullable List<JobIntake.Accepted> jobs, Caller caller) {
    Batch batch = mine(id.toString(), caller);
    Map<String, List<BeltView>> channels = new LinkedHashMap<>();
    Map<String, List<Belt>> byChannel = new LinkedHashMap<>();
    parts
        .ledger
        .belts(id)
        .forEach(
            belt -> byChannel.computeIfAbsent(belt.channel(), c -> new ArrayList<>()).add(belt));
    byChannel.forEach(
        (channel, belts) ->
            channels.put(channel, belts.stream().map(b -> belt(b, belts, batch)).toList()));
    return new View(
        summary(batch),
        channels.entrySet().stream()
            .map(each -> new ChannelView(each.getKey(), each.getValue()))
            .toList(),
        jobs,
        null);
  }

  private static Summary summary(Batch batch) {
    String state =
        batch.cancelledBy() != null
            ? "cancelled"
            : batch.sealedAt() != null ? "sealed" : batch.lateSince() != null ? "late" : "open";
    return new Summary(
        batch.id(),
        batch.subscription(),
        batch.source(),
        batch.name(),
        state,
        batch.onDead(),
        batch.createdAt(),
        batch.sealedAt(),
        batch.sealDue(),
        batch.closedBelts(),
        batch.belts());
  }

  private BeltView belt(Belt belt, List<Belt> all, Batch batch) {
    int done = belt.total() - belt.open() - belt.dead();
    Double perMinute = perMinute(belt, done);
    boolean goesOn = batch.onDead().equals("continue");
    String state =
        belt.openedAt() == null
            ? "closed"
            : belt.open() > 0 ? "open" : belt.isDone(goesOn) ? "done" : "blocked";
    return new BeltView(
        belt.belt(),
        batch.belts().get(belt.belt() - 1),
        state,
        belt.total(),
        belt.open(),
        done,
        belt.dead(),
        belt.openedAt(),
        perMinute,
        perMinute == null || perMinute == 0 || belt.open() == 0
            ? null
            : clock.instant().plusSeconds(Math.round(60 * belt.open() / perMinute)),
        belt.openedAt() == null ? waitsFor(belt, all, batch) : null,
        belt.deadJobs(),
        belt.releasedBy());
  }

  private @Nullable Double perMinute(Belt belt, int done) {
    if (belt.openedAt() == null || done == 0) {
      return null;
    }
    long millis = Math.max(1000, Duration.between(belt.openedAt(), clock.instant()).toMillis());
    return Math.round(600_000.0 * done / millis) / 10.0;
  }

  /** Which belt keeps it closed, and what is wrong there. */
  static String waitsFor(Belt belt, List<Belt> all, Batch batch) {
    boolean goesOn = batch.onDead().equals("continue");
    for (Belt before : all) {
      if (before.belt() < belt.belt() && !before.isDone(goesOn)) {
        return before.open() > 0
            ? "belt %d has %d open jobs".formatted(before.belt(), before.open())
            : "belt %d has %d dead jobs, %s first: replay or discard them, or release the belt"
                .formatted(
                    before.belt(),
                    before.dead(),
                    before.deadJobs().isEmpty() ? "" : before.deadJobs().get(0));
      }
    }
    return batch.sealedAt() == null && batch.closedBelts() < belt.belt() - 1
        ? "the batch is not sealed, and belt %d not closed: more jobs may join"
            .formatted(belt.belt() - 1)
        : "it opens within a second";
  }
}
