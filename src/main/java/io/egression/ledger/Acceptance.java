package io.egression.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.job.Job;
import io.egression.job.JobState;
import io.egression.job.Submission;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes jobs into the ledger: all of one call or none, in one transaction. When {@link #accept}
 * returns, they are durable and have their places. Thread safe.
 */
public final class Acceptance {
  /**
   * @param fingerprint of the submission's content: the same key with another one is a conflict
   * @param jobs the submission fanned out to its accounts
   */
  public record Request(Submission submission, byte[] fingerprint, List<Job> jobs) {
    private @Nullable Key key() {
      String key = submission.idempotencyKey();
      return key == null ? null : new Key(submission.subscription(), submission.source(), key);
    }
  }

  /** What the producer is told of one job. */
  public record Receipt(UUID id, String channel, String partitionKey, String state) {}

  /** The idempotency key was used before, with another content. */
  public static final class ConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int index;

    ConflictException(int index) {
      super("this idempotencyKey was used before with another content");
      this.index = index;
    }

    /** Which of the requests it is about. */
    public int index() {
      return index;
    }
  }

  /** Who counts what is accepted; must not block. */
  public interface Observer {
    /** One that does not. */
    Observer NOBODY =
        new Observer() {
          @Override
          public void accepted(Job job, Duration took) {}

          @Override
          public void took(Duration time) {}
        };

    /** A job was accepted, with a request that took this time. */
    void accepted(Job job, Duration took);

    /** A request was accepted in this time. */
    void took(Duration time);
  }

  /** Somebody else accepted one of the keys in between. */
  private static final class OvertakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private record Key(String subscription, String source, String key) {}

  private record First(byte[] fingerprint, List<Receipt> receipts) {}

  private static final String FIRST_ANSWERS =
      """
      SELECT a.* FROM acceptance a
      JOIN unnest(:subscriptions, :sources, :keys) AS k (subscription, source, idempotency_key)
      USING (subscription, source, idempotency_key)
      """;

  private static final String KEEP_ANSWERS =
      """
      INSERT INTO acceptance (subscription, source, idempotency_key, fingerprint, receipts)
      SELECT subscription, source, idempotency_key, decode(fingerprint, 'hex'), r::jsonb
      FROM unnest(:subscriptions, :sources, :keys, :fingerprints, :receipts)
        AS k (subscription, source, idempotency_key, fingerprint, r)
      ORDER BY 1, 2, 3
      ON CONFLICT DO NOTHING
      """;

  private static final HexFormat HEX = HexFormat.of();

  private final Database database;
  private final Placement placement;
  private final Clock clock;
  private final Observer observer;
  private final ObjectMapper json = new ObjectMapper();

  public Acceptance(Database database, Accounts accounts, Clock clock) {
    this(database, accounts, clock, Observer.NOBODY);
  }

  public Acceptance(Database database, Accounts accounts, Clock clock, Observer observer) {
    this.database = database;
    this.placement = new Placement(database, accounts);
    this.clock = clock;
    this.observer = observer;
  }

  /**
   * Accepts all or none.
   *
   * @return one list of receipts per request; for a repeated idempotency key the first answer
   * @throws ConflictException if a key was used before with another content
   * @throws LedgerAwayException if the database is away: nothing, or unknown whether, accepted
   */
  public List<List<Receipt>> accept(List<Request> requests) {
    long asked = System.nanoTime();
    while (true) {
      try {
        List<List<Receipt>> receipts = database.transaction(() -> acceptOnce(requests));
        tell(requests, receipts, Duration.ofNanos(System.nanoTime() - asked));
        return receipts;
      } catch (OvertakenException e) {
        continue; // the other's answer can be read now
      }
    }
  }

  /** A repeated request has the receipts of other jobs. */
  private void tell(List<Request> requests, List<List<Receipt>> receipts, Duration took) {
    observer.took(took);
    Set<UUID> accepted =
        receipts.stream().flatMap(List::stream).map(Receipt::id).collect(Collectors.toSet());
    requests.stream()
        .flatMap(request -> request.jobs().stream())
        .filter(job -> accepted.contains(job.id()))
        .forEach(job -> observer.accepted(job, took));
  }

  /** Those of the requests whose idempotency key was accepted before. */
  public List<Request> repeated(List<Request> requests) {
    Map<Key, First> answered = database.statement(() -> firstAnswers(requests));
    return requests.stream().filter(request -> answered.containsKey(request.key())).toList();
  }

  private List<List<Receipt>> acceptOnce(List<Request> requests) {
    Map<Key, First> answered = firstAnswers(requests);
    Map<Key, Request> keyed = new LinkedHashMap<>();
    List<Request> fresh = new ArrayList<>();
    for (int i = 0; i < requests.size(); i++) {
      Request request = requests.get(i);
      Optional<byte[]> before = fingerprintBefore(request.key(), answered, keyed);
      if (before.isEmpty()) {
        fresh.add(request);
        if (request.key() != null) {
          keyed.put(request.key(), request);
        }
      } else if (!Arrays.equals(before.get(), request.fingerprint())) {
        throw new ConflictException(i);
      }
    }
    Map<UUID, JobState> states = place(fresh);
    keyed.forEach((key, request) -> answered.put(key, first(request, states)));
    keep(keyed, answered);
    return requests.stream().map(request -> receipts(request, answered, states)).toList();
  }

  private static Optional<byte[]> fingerprintBefore(
      @Nullable Key key, Map<Key, First> answered, Map<Key, Request> keyed) {
    if (key == null) {
      return Optional.empty();
    }
    return Optional.ofNullable(answered.get(key))
        .map(First::fingerprint)
        .or(() -> Optional.ofNullable(keyed.get(key)).map(Request::fingerprint));
  }

  private Map<UUID, JobState> place(List<Request> fresh) {
    Instant now = clock.instant();
    List<Job> jobs = fresh.stream().flatMap(request -> request.jobs().stream()).toList();
    return jobs.isEmpty() ? Map.of() : placement.place(jobs, now);
  }

  private static First first(Request request, Map<UUID, JobState> states) {
    return new First(request.fingerprint(), receipts(request, states));
  }

  private static List<Receipt> receipts(
      Request request, Map<Key, First> answered, Map<UUID, JobState> states) {
    Key key = request.key();
    First first = key == null ? null : answered.get(key);
    return first == null ? receipts(request, states) : first.receipts();
  }

  private static List<Receipt> receipts(Request request, Map<UUID, JobState> states) {
    return request.jobs().stream()
        .map(
            job ->
                new Receipt(
                    job.id(),
                    job.account().channel(),
                    job.partitionKey(),
                    states.get(job.id()).word()))
        .toList();
  }

  private Map<Key, First> firstAnswers(List<Request> requests) {
    List<Key> keys = requests.stream().map(Request::key).filter(key -> key != null).toList();
    Map<Key, First> answers = new HashMap<>();
    if (!keys.isEmpty()) {
      database
          .sql()
          .sql(FIRST_ANSWERS)
          .param("subscriptions", SqlArrays.column("text", keys, Key::subscription))
          .param("sources", SqlArrays.column("text", keys, Key::source))
          .param("keys", SqlArrays.column("text", keys, Key::key))
          .query(
              row -> {
                answers.put(
                    new Key(
                        row.getString("subscription"),
                        row.getString("source"),
                        row.getString("idempotency_key")),
                    new First(row.getBytes("fingerprint"), read(row.getString("receipts"))));
              });
    }
    return answers;
  }

  private void keep(Map<Key, Request> keyed, Map<Key, First> answered) {
    if (keyed.isEmpty()) {
      return;
    }
    List<Key> keys = List.copyOf(keyed.keySet());
    int kept =
        database
            .sql()
            .sql(KEEP_ANSWERS)
            .param("subscriptions", SqlArrays.column("text", keys, Key::subscription))
            .param("sources", SqlArrays.column("text", keys, Key::source))
            .param("keys", SqlArrays.column("text", keys, Key::key))
            .param(
                "fingerprints",
                // as text: the driver has no arrays of bytes
                SqlArrays.column(
                    "text", keys, key -> HEX.formatHex(answered.get(key).fingerprint())))
            .param(
                "receipts",
                SqlArrays.column("text", keys, key -> write(answered.get(key).receipts())))
            .update();
    if (kept < keys.size()) {
      throw new OvertakenException();
    }
  }

  private String write(List<Receipt> receipts) {
    try {
      return json.writeValueAsString(receipts);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<Receipt> read(String receipts) {
    try {
      return json.readValue(receipts, new TypeReference<List<Receipt>>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
