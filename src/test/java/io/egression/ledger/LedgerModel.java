package io.egression.ledger;

import io.egression.job.JobState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Several hubs on one ledger, a broker that keeps no order, a connector that answers as the dice
 * fall, and what must hold of the ledger after every move.
 */
final class LedgerModel implements AutoCloseable {
  static final Duration INSTANT = Duration.ofMillis(1);

  final ModelTime time;
  final Database database;
  final Gathering gathering;

  /** Nodes crash and freeze, messages and answers get lost. */
  final boolean faults;

  /** Explicit partition keys put an object into several lanes. */
  final boolean mixing;

  final ModelBroker broker = new ModelBroker();
  final List<ModelNode> nodes = new ArrayList<>();
  final Map<UUID, Known> known = new LinkedHashMap<>();
  final Tally tally;
  private final Map<String, Integer> names = new HashMap<>();
  private final List<String> story = new ArrayList<>();
  private final Invariants invariants;
  private Picture picture;
  private long turns;
  private int started;

  LedgerModel(ModelTime time, Gathering gathering, boolean faults, boolean mixing, Tally tally) {
    this.time = time;
    this.database = time.database();
    this.gathering = gathering;
    this.faults = faults;
    this.mixing = mixing;
    this.tally = tally;
    time.reset();
    this.invariants = new Invariants(this);
    this.picture = Picture.take(database);
    startNode(List.of(ModelAccount.values()));
    startNode(List.of(ModelAccount.values()));
    startNode(List.of(ModelAccount.WHOLE, ModelAccount.BY_TYPE, ModelAccount.BY_OBJECT));
  }

  void startNode(List<ModelAccount> accounts) {
    String name = "node-" + ++started;
    nodes.add(new ModelNode(name, time, accounts, this::checkCommitted));
    tell("start %s with %s", name, accounts);
  }

  Stream<ModelNode> awake() {
    return nodes.stream().filter(node -> !node.frozen);
  }

  ModelNode anyAwake(Random dice) {
    return any(awake().toList(), dice);
  }

  static <T> T any(List<T> choices, Random dice) {
    return choices.get(dice.nextInt(choices.size()));
  }

  long nextTurn() {
    return ++turns;
  }

  Known known(UUID job) {
    return Objects.requireNonNull(known.get(job), () -> "not accepted: " + job);
  }

  void tell(String line, Object... parts) {
    for (int i = 0; i < parts.length; i++) {
      parts[i] = parts[i] instanceof UUID id ? name(id) : parts[i];
    }
    story.add(line.formatted(parts));
  }

  /** A short name for the story. */
  String name(UUID id) {
    return "#" + names.computeIfAbsent(id.toString(), n -> names.size() + 1);
  }

  /** As it was after the last move. */
  Picture picture() {
    return picture;
  }

  /** To be called after every move. */
  void check() {
    Picture after = Picture.take(database);
    invariants.check(picture, after);
    picture = after;
  }

  void require(boolean holds, String what, Object... parts) {
    if (!holds) {
      tell("BROKEN " + what, parts);
      throw new AssertionError(story.get(story.size() - 1) + "\n" + report());
    }
  }

  private String report() {
    StringBuilder report = new StringBuilder(String.join("\n", story));
    Picture now = Picture.take(database);
    now.lanes().values().forEach(lane -> report.append("\n").append(lane));
    now.jobs()
        .values()
        .forEach(job -> report.append("\n").append(name(job.id())).append(' ').append(job));
    return report.toString();
  }

  /** Whoever is told of an ended job must be able to see that it ended. */
  private void checkCommitted(Set<UUID> ended) {
    try (Connection connection = time.connect();
        PreparedStatement query =
            connection.prepareStatement("SELECT state FROM job WHERE job_id = ANY (?)")) {
      query.setArray(1, connection.createArrayOf("uuid", ended.toArray()));
      ResultSet rows = query.executeQuery();
      while (rows.next()) {
        boolean isFinal = JobState.of(rows.getString(1)).orElseThrow().isFinal();
        require(isFinal, "told of an end that nobody can see yet");
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.ledger.close());
  }
}
