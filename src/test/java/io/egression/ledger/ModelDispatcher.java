package io.egression.ledger;

import io.egression.ledger.Dispatch.Publication;
import io.egression.ledger.Reconciliation.Queued;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

/** The dispatcher's passes and the sweeps, by the rules of {@code delivery}. */
final class ModelDispatcher {
  private static final Duration QUEUED_LONG = Duration.ofSeconds(5);

  private final LedgerModel model;

  ModelDispatcher(LedgerModel model) {
    this.model = model;
  }

  void pass(Random dice) {
    pass(model.anyAwake(dice), dice.nextInt(12));
  }

  /**
   * @param mishap 0: the broker refuses; with faults, 1: it takes the runs and nobody hears of it,
   *     2: the node stops before it sends
   * @return how many runs were sent
   */
  int pass(ModelNode node, int mishap) {
    List<UUID> released = releases(node);
    node.eligibility.placeDue();
    node.dispatch.wakeDue();
    List<Publication> runs = node.dispatch.next();
    runs.forEach(run -> model.tell("%s publishes %s of %s", node.name, run.run(), run.account()));
    boolean sent = mishap > 2 || (mishap > 0 && !model.faults) || (model.faults && mishap == 1);
    if (sent) {
      model.broker.send(runs);
    }
    if (mishap == 0 || (mishap == 1 && model.faults)) {
      model.tell("but the broker is away");
      model.tally.count("dispatch undone");
      node.dispatch.undo(runs, "the broker is away");
    }
    model.check();
    checkFirst(runs);
    return runs.size() + released.size();
  }

  private List<UUID> releases(ModelNode node) {
    List<UUID> all = new ArrayList<>();
    for (Set<UUID> jobs = node.released.poll(); jobs != null; jobs = node.released.poll()) {
      node.eligibility.release(jobs);
      all.addAll(jobs);
    }
    model.tally.add("released", all.size());
    return all;
  }

  private void checkFirst(List<Publication> runs) {
    for (Publication run : runs) {
      Picture.Lane lane = model.picture().lane(run.lane());
      List<Picture.Job> waiting = model.picture().waiting(lane);
      Picture.Job first = waiting.get(0);
      model.require(
          first.id().equals(run.firstJob()) && first.attempts() + 1 == run.attempt(),
          "run %s begins with %s",
          run.run(),
          run.firstJob());
    }
  }

  void sweep(Random dice) {
    sweep(model.anyAwake(dice));
  }

  /**
   * @return how much was put right
   */
  int sweep(ModelNode node) {
    int freed = node.reconciliation.freeLost();
    model.check();
    int requeued = requeueOrphans(node);
    model.check();
    boolean settled = model.nodes.stream().allMatch(each -> each.released.isEmpty());
    int overlooked = settled || model.faults ? node.eligibility.releaseOverlooked() : 0;
    model.check();
    int late = lateLetters(node);
    node.directory.agree();
    node.reconciliation.pruneAcceptances();
    model.check();
    int repairs = freed + requeued + overlooked + late;
    model.tell(
        "%s sweeps: %d freed, %d requeued, %d overlooked, %d letters",
        node.name, freed, requeued, overlooked, late);
    model.tally.add("freed", freed);
    model.tally.add("requeued", requeued);
    model.tally.add("overlooked", overlooked);
    model.require(model.faults || repairs == 0, "the sweep found work without a fault");
    return repairs;
  }

  private int requeueOrphans(ModelNode node) {
    Set<UUID> there = model.broker.browse();
    List<Queued> orphans =
        node.reconciliation.queuedFor(QUEUED_LONG).stream()
            .filter(lane -> !there.contains(lane.run()))
            .toList();
    return orphans.isEmpty() ? 0 : node.reconciliation.requeue(orphans);
  }

  private int lateLetters(ModelNode node) {
    int sent = 0;
    for (DeadLetters.Letter overdue : node.letters.overdue(100)) {
      Optional<DeadLetters.Letter> letter = node.letters.take(overdue.job());
      if (letter.isPresent()) {
        sent++;
        model.broker.letters.add(letter.get());
        node.letters.sent(letter.get().job(), letter.get().death());
      }
    }
    return sent;
  }
}
