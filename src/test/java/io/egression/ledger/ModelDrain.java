package io.egression.ledger;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** The end: all nodes are up, everything delivers, time goes on. Nothing may be left. */
final class ModelDrain {
  private static final int ROUNDS = 300;

  private final LedgerModel model;
  private final ModelWorker worker;
  private final ModelDispatcher dispatcher;
  private final ModelOperator operator;
  private final ModelFaults faults;
  private int leasesOver;

  ModelDrain(
      LedgerModel model,
      ModelWorker worker,
      ModelDispatcher dispatcher,
      ModelOperator operator,
      ModelFaults faults) {
    this.model = model;
    this.worker = worker;
    this.dispatcher = dispatcher;
    this.operator = operator;
    this.faults = faults;
  }

  void run(Random dice) {
    model.tell("drain");
    model.nodes.stream().filter(node -> node.frozen).forEach(node -> faults.thaw(node, true));
    model.startNode(List.of(ModelAccount.values()));
    operator.resumeAll(model.nodes.get(0));
    faults.arrive();
    for (int round = 0; round < ROUNDS && !isDone(); round++) {
      if (round(dice) == 0) {
        whenQuiet(dice);
      } else {
        leasesOver = 0;
      }
    }
    model.require(isDone(), "no end");
    checkEnd();
  }

  private boolean isDone() {
    return model.picture().allFinal()
        && model.broker.queued.isEmpty()
        && model.picture().lanes().values().stream().allMatch(lane -> lane.run() == null);
  }

  /** Returns how much was done. */
  private int round(Random dice) {
    int done = 0;
    for (ModelNode node : List.copyOf(model.nodes)) {
      for (ModelHand hand : List.copyOf(node.hands)) {
        done++;
        workOff(hand);
      }
      done += dispatcher.pass(node, 99);
    }
    while (!model.broker.queued.isEmpty()) {
      done++;
      List<ModelBroker.Message> queued = model.broker.queued;
      ModelNode node = model.anyAwake(dice);
      worker.claim(node, queued.remove(dice.nextInt(queued.size())), false);
      List.copyOf(node.hands).forEach(this::workOff);
    }
    return done + dispatcher.sweep(model.anyAwake(dice));
  }

  private void workOff(ModelHand hand) {
    if (hand.calling != null) {
      worker.deliver(hand);
    }
    while (worker.hasNext(hand)) {
      worker.start(hand);
      worker.deliver(hand);
    }
    worker.finish(hand);
  }

  /** Time for what is due later, for leases to run out, then for an operator's word. */
  private void whenQuiet(Random dice) {
    Optional<Duration> due = model.nodes.get(0).dispatch.untilDue();
    if (due.isPresent()) {
      faults.advance(due.get().plus(LedgerModel.INSTANT));
    } else if (model.faults && leasesOver < 2) {
      leasesOver++;
      faults.advance(Node.LEASE.plusSeconds(2));
    } else {
      decide(dice);
    }
  }

  private void decide(Random dice) {
    List<Picture.Lane> held =
        model.picture().lanes().values().stream()
            .filter(lane -> lane.state().equals("held"))
            .toList();
    model.require(!held.isEmpty(), "stranded");
    Picture.Lane lane = held.get(0);
    if (dice.nextBoolean()) {
      operator.replay(model.nodes.get(0), List.of(lane.reasonJob()), dice);
    } else {
      operator.discard(model.nodes.get(0), lane.reasonJob());
    }
  }

  private void checkEnd() {
    for (Picture.Lane lane : model.picture().lanes().values()) {
      model.require(
          lane.open() == 0 && (lane.state().equals("idle") || lane.state().equals("held")),
          "%s",
          lane);
    }
    model.require(model.nodes.get(0).dispatch.untilDue().isEmpty(), "something is due");
    faults.advance(Duration.ofMinutes(2));
    dispatcher.sweep(model.nodes.get(0));
    model.require(dispatcher.sweep(model.nodes.get(0)) == 0, "the last sweep found work");
    model.require(
        model.picture().jobs().values().stream().noneMatch(Picture.Job::letterDue),
        "a dead letter is not sent");
  }
}
