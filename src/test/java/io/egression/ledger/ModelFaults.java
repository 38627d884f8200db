package io.egression.ledger;

import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;

/** Time, and what goes wrong: nodes stop, crash and freeze, messages get lost and come late. */
final class ModelFaults {
  private static final List<Duration> JUMPS =
      List.of(
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          Duration.ofSeconds(8),
          Duration.ofSeconds(50),
          Duration.ofMinutes(11));

  private final LedgerModel model;
  private final ModelWorker worker;

  ModelFaults(LedgerModel model, ModelWorker worker) {
    this.model = model;
    this.worker = worker;
  }

  void advance(Random dice) {
    advance(LedgerModel.any(JUMPS, dice));
  }

  /** Calls end at their deadline; the nodes that are awake keep their leases by heartbeats. */
  void advance(Duration by) {
    model.tell("%s later", by);
    if (by.compareTo(Duration.ofSeconds(5)) > 0) {
      List.copyOf(model.awake().flatMap(ModelNode::calling).toList()).forEach(worker::timeOut);
    }
    if (by.compareTo(LedgerModel.INSTANT) > 0) {
      model.awake().forEach(node -> worker.flush(node, false));
    }
    model.time.advance(by);
    model
        .awake()
        .forEach(
            node -> {
              if (node.leaseEnd.isAfter(model.time.instant().minus(by))) {
                keepLease(node);
              } else {
                node.beat();
              }
            });
    model.check();
  }

  private void keepLease(ModelNode node) {
    node.leaseEnd = model.time.instant().plus(Node.LEASE);
    setLease(node);
  }

  private void setLease(ModelNode node) {
    model
        .database
        .sql()
        .sql("UPDATE node SET lease_until = :until WHERE node_id = :id")
        .param("until", node.leaseEnd.atOffset(ZoneOffset.UTC))
        .param("id", node.node.id())
        .update();
  }

  /** A node leaves in order: its calls end, its runs are given back, its lease too. */
  void stop(Random dice) {
    ModelNode node = model.anyAwake(dice);
    if (model.awake().count() < 2) {
      return;
    }
    model.tell("stop %s", node.name);
    node.calling().toList().forEach(worker::deliver);
    node.idle().toList().forEach(worker::finish);
    for (var jobs = node.released.poll(); jobs != null; jobs = node.released.poll()) {
      node.eligibility.release(jobs);
    }
    node.ledger.close();
    node.node.close();
    model.nodes.remove(node);
    model.check();
  }

  void start(Random dice) {
    if (model.nodes.size() < 3) {
      model.startNode(List.of(ModelAccount.values()));
      model.check();
    }
  }

  /** What it had in hand comes again; what it had not recorded is lost; its lease runs out. */
  void crash(Random dice) {
    ModelNode node = busy(model.nodes, dice);
    if (!node.frozen && model.awake().count() < 2) {
      return;
    }
    model.tell("%s crashes", node.name);
    model.tally.count("crash");
    node.hands.forEach(hand -> model.broker.queued.add(hand.message));
    node.ledger.close();
    model.nodes.remove(node);
    model.check();
  }

  /** Preferably one that makes a call. */
  private static ModelNode busy(List<ModelNode> nodes, Random dice) {
    List<ModelNode> calling =
        nodes.stream().filter(node -> node.calling().findAny().isPresent()).toList();
    return LedgerModel.any(calling.isEmpty() || dice.nextInt(4) == 0 ? nodes : calling, dice);
  }

  void freeze(Random dice) {
    if (model.awake().count() > 1) {
      ModelNode node = busy(model.awake().toList(), dice);
      node.frozen = true;
      model.tell("%s freezes", node.name);
      model.tally.count("freeze");
    }
  }

  /** Back again; its workers may be faster than its heartbeat. */
  void thaw(Random dice) {
    List<ModelNode> frozen = model.nodes.stream().filter(node -> node.frozen).toList();
    if (!frozen.isEmpty()) {
      thaw(LedgerModel.any(frozen, dice), dice.nextBoolean());
    }
  }

  void thaw(ModelNode node, boolean beats) {
    node.frozen = false;
    model.tell("%s goes on", node.name);
    if (beats) {
      node.beat();
    }
    model.check();
  }

  /** Somebody empties a connector's queue. */
  void purge(Random dice) {
    String connector = LedgerModel.any(List.of(ModelAccount.values()), dice).connector;
    model.broker.queued.removeIf(message -> message.connector().equals(connector));
    model.tell("the queue of %s is purged", connector);
    model.tally.count("purge");
  }

  /** A message is on its way for long. */
  void delay(Random dice) {
    if (!model.broker.queued.isEmpty()) {
      model.broker.late.add(model.broker.queued.remove(dice.nextInt(model.broker.queued.size())));
    }
  }

  void arrive() {
    model.broker.queued.addAll(model.broker.late);
    model.broker.late.clear();
  }
}
