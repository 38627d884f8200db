package io.egression.ledger;

import java.util.List;
import java.util.UUID;

/** What must hold when a run is claimed and when a call starts. */
final class CallRules {
  private final LedgerModel model;

  CallRules(LedgerModel model) {
    this.model = model;
  }

  /** A run has the lane's next jobs, in order. */
  void checkClaim(Run run, Picture.Lane lane) {
    List<UUID> next =
        model.picture().waiting(lane).stream()
            .map(Picture.Job::id)
            .limit(lane.of().runSize)
            .toList();
    List<UUID> claimed = run.jobs().stream().map(Run.Item::id).toList();
    model.require(claimed.equals(next), "run %s has %s, not %s", run.id(), claimed, next);
    for (Run.Item job : run.jobs()) {
      model.require(
          job.pending().equals(model.known(job.id()).pending),
          "%s: pending %s",
          job.id(),
          job.pending());
    }
  }

  void checkCall(ModelHand hand, Run.Item item) {
    Picture now = model.picture();
    Picture.Job job = now.job(item.id());
    Picture.Lane lane = now.lane(job.lane());
    model.require(
        lane.isHeldBy(hand.run.id(), hand.run.node()), "%s is called under a lost claim", job.id());
    model.require(
        job.isOpen() && Long.valueOf(item.place()).equals(job.place()),
        "%s is called, and is %s",
        job.id(),
        job);
    model.require(model.known(job.id()).answer == null, "%s is called again", job.id());
    now.jobs().values().stream()
        .filter(other -> other.isOpen() && !hand.answered.contains(other.id()))
        .forEach(other -> checkOrder(job, other));
    model.nodes.stream().flatMap(ModelNode::calling).forEach(other -> checkAlone(lane, other));
  }

  private void checkOrder(Picture.Job job, Picture.Job other) {
    if (other.id().equals(job.id())) {
      return;
    }
    if (other.lane() == job.lane() && other.place() != null) {
      model.require(other.place() > job.place(), "%s is called before %s", job.id(), other.id());
    } else if (other.sharesObjectWith(job)) {
      model.require(
          model.known(other.id()).turn > model.known(job.id()).turn,
          "%s passes %s, which is of the same object",
          job.id(),
          other.id());
    }
  }

  /** Only a call whose node lost its lease, and with it its claim, may still be under way. */
  private void checkAlone(Picture.Lane lane, ModelHand other) {
    if (other.run.lane() != lane.id()) {
      return;
    }
    boolean lost = !lane.isHeldBy(other.run.id(), other.run.node()) && !other.node.holds(other.run);
    model.require(lost, "two calls at once in %s", lane);
    model.tally.count("overlap after a lost lease");
  }
}
