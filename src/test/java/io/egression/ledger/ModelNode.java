package io.egression.ledger;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A hub on the shared ledger: the real ledger classes, with the model's broker and workers. */
final class ModelNode {
  /** The total deadline of a call: none starts unless the lease outlives it. */
  static final Duration DEADLINE = Duration.ofSeconds(30);

  /** A step that waits to be recorded. */
  record Pending(ModelHand hand, Step step) {}

  final String name;
  final List<ModelAccount> accounts;
  final Node node;
  final RunLedger ledger;
  final Acceptance acceptance;
  final Dispatch dispatch;
  final Eligibility eligibility;
  final Cancellation cancellation;
  final Reconciliation reconciliation;
  final Replay replay;
  final Pauses pauses;
  final DeadLetters letters;

  /** Ended jobs for which others wait: the dispatcher's next pass sees to them. */
  final ConcurrentLinkedQueue<Set<UUID>> released = new ConcurrentLinkedQueue<>();

  final List<ModelHand> hands = new ArrayList<>();
  final List<Pending> unrecorded = new ArrayList<>();
  final Accounts directory;
  private final ModelTime time;
  Instant leaseEnd;

  /** It does nothing, not even a heartbeat, and does not know it. */
  boolean frozen;

  /** The database's answer gets lost: nobody is told. */
  volatile boolean deaf;

  ModelNode(String name, ModelTime time, List<ModelAccount> accounts, Consumer<Set<UUID>> check) {
    Database database = time.database();
    this.name = name;
    this.time = time;
    this.accounts = accounts;
    this.directory = new Accounts(database);
    this.node = startWithoutHeart(database, name);
    this.dispatch = new Dispatch(database);
    this.eligibility = new Eligibility(database);
    this.reconciliation = new Reconciliation(database);
    this.replay = new Replay(database);
    this.pauses = new Pauses(database);
    this.letters = new DeadLetters(database);
    this.acceptance = new Acceptance(database, directory, time);
    Consumer<Set<UUID>> told =
        jobs -> {
          if (!deaf && !jobs.isEmpty()) {
            check.accept(jobs);
            released.add(jobs);
          }
        };
    this.cancellation = new Cancellation(database, told);
    this.ledger = new RunLedger(database, node, told);
    directory.configure(accounts.stream().map(ModelAccount::configured).toList(), "same", node);
    leaseEnd = time.instant().plus(Node.LEASE);
  }

  /** Closing a node ends its own heartbeats and its lease; the next one starts a new lease. */
  private static Node startWithoutHeart(Database database, String name) {
    Node node = new Node(database, name, false);
    node.close();
    return node;
  }

  void beat() {
    boolean lost = !leaseEnd.isAfter(time.instant());
    UUID before = node.id();
    node.announce(accounts.stream().map(each -> directory.id(each.key)).toList(), "same");
    leaseEnd = time.instant().plus(Node.LEASE);
    if (lost == node.id().equals(before)) {
      throw new AssertionError(
          lost ? name + " goes on under a lease that ran out" : name + " gave a good lease up");
    }
  }

  boolean hasAll() {
    return accounts.size() == ModelAccount.values().length;
  }

  boolean outlives(Duration deadline) {
    return Duration.between(time.instant(), leaseEnd).compareTo(deadline) > 0;
  }

  /** Whether the lease under which the run was claimed goes on. */
  boolean holds(Run run) {
    return run.node().equals(node.id()) && leaseEnd.isAfter(time.instant());
  }

  Stream<ModelHand> calling() {
    return hands.stream().filter(hand -> hand.calling != null);
  }

  Stream<ModelHand> idle() {
    return hands.stream().filter(hand -> hand.calling == null);
  }
}
