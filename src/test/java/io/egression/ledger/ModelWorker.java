package io.egression.ledger;

import io.egression.job.JobState;
import io.egression.job.Outcome.PauseScope;
import io.egression.ledger.ModelNode.Pending;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Takes runs from the broker and works them off, by the rules of {@code delivery.Runs} and {@code
 * delivery.Outcomes}; what it calls and when is the connector's log.
 */
final class ModelWorker {
  private static final List<Duration> DELAYS =
      List.of(Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofMinutes(10));

  private final LedgerModel model;
  private final CallRules rules;

  ModelWorker(LedgerModel model) {
    this.model = model;
    this.rules = new CallRules(model);
  }

  /** A message reaches a node, whichever comes first; now and then it stays and comes again. */
  boolean deliver(Random dice) {
    List<ModelBroker.Message> queued = model.broker.queued;
    if (queued.isEmpty()) {
      return false;
    }
    ModelBroker.Message message = LedgerModel.any(queued, dice);
    if (dice.nextInt(8) == 0) {
      model.tally.count("duplicate message");
    } else {
      queued.remove(message);
    }
    claim(model.anyAwake(dice), message, model.faults && dice.nextInt(12) == 0);
    return true;
  }

  /**
   * @param unknown the first answer of the database is lost, and the claim asked for again
   */
  void claim(ModelNode node, ModelBroker.Message message, boolean unknown) {
    if (node.hands.stream().anyMatch(hand -> hand.run.id().equals(message.run()))) {
      return; // the message came again while its run is worked on here
    }
    Picture.Lane lane = model.picture().lane(message.lane());
    boolean expected = lane.state().equals("queued") && message.run().equals(lane.run());
    if (unknown) {
      model.tally.count("claim asked for twice");
      node.ledger.claim(message.lane(), message.run());
    }
    Optional<Run> run = node.ledger.claim(message.lane(), message.run());
    model.tell("%s claims %s: %s", node.name, message.run(), run.isPresent());
    model.require(run.isPresent() == expected, "claim of %s: not %s", message.run(), expected);
    run.ifPresent(
        claimed -> {
          rules.checkClaim(claimed, lane);
          node.hands.add(new ModelHand(node, claimed, message));
        });
    model.tally.count(expected ? "claim" : "stale message");
    model.check();
  }

  /** A run in hand goes on: the next call starts, or the run ends. */
  boolean goOn(Random dice) {
    List<ModelHand> idle = model.awake().flatMap(ModelNode::idle).toList();
    if (!idle.isEmpty()) {
      goOn(LedgerModel.any(idle, dice), dice);
    }
    return !idle.isEmpty();
  }

  private void goOn(ModelHand hand, Random dice) {
    if (!hasNext(hand)) {
      finish(hand);
      return;
    }
    int before = dice.nextInt(100);
    if (before < 5) {
      again(hand, hand.take(), "delayed", LedgerModel.any(DELAYS, dice), null);
    } else if (before < 8) {
      end(hand, hand.take(), JobState.SUPERSEDED, null, null);
    } else {
      start(hand);
    }
  }

  void start(ModelHand hand) {
    Run.Item job = hand.take();
    rules.checkCall(hand, job);
    model.tally.count("call");
    model.tell("%s calls %s in run %s", hand.node.name, job.id(), hand.run.id());
    hand.calling = job;
  }

  boolean hasNext(ModelHand hand) {
    if (hand.ended || hand.peek() == null) {
      return false;
    }
    cancelAsked(hand);
    return hand.peek() != null && mayCall(hand);
  }

  private static boolean mayCall(ModelHand hand) {
    ModelNode node = hand.node;
    return !hand.stop
        && hand.run.node().equals(node.node.id())
        && node.accounts.contains(ModelAccount.of(hand.run.account()))
        && node.outlives(ModelNode.DEADLINE);
  }

  private void cancelAsked(ModelHand hand) {
    if (hand.mustLook()) {
      hand.cancelAsked.putAll(hand.node.ledger.cancelAsked(hand.run));
    }
    for (Run.Item job = hand.peek(); job != null; job = hand.peek()) {
      if (hand.cancelAsked.getOrDefault(job.id(), job.cancelAsked()) == null) {
        return;
      }
      model.tally.count("cancelled by its run");
      end(hand, hand.take(), JobState.CANCELLED, null, null);
    }
  }

  /** A call that is under way is answered, as the dice fall. */
  boolean answer(Random dice) {
    List<ModelHand> calling = model.awake().flatMap(ModelNode::calling).toList();
    if (!calling.isEmpty()) {
      answer(LedgerModel.any(calling, dice), dice);
    }
    return !calling.isEmpty();
  }

  private void answer(ModelHand hand, Random dice) {
    int outcome = dice.nextInt(100);
    Duration delay = LedgerModel.any(DELAYS, dice);
    if (outcome < 55) {
      deliver(hand);
    } else if (outcome < 70) {
      Run.Item job = answered(hand);
      again(hand, job, "retry", delay, some(job.pending(), dice));
    } else if (outcome < 78) {
      again(hand, answered(hand), "throttled", delay, null);
    } else if (outcome < 94) {
      die(hand, dice);
    } else {
      pause(hand, dice.nextInt(3) == 0 ? null : delay, dice);
    }
    if (dice.nextInt(3) > 0) {
      flush(hand.node, model.faults && dice.nextInt(8) == 0);
    }
  }

  void deliver(ModelHand hand) {
    Run.Item job = answered(hand);
    end(hand, job, JobState.DELIVERED, call(job, "delivered", null), null);
  }

  /** A call that got no answer in time. */
  void timeOut(ModelHand hand) {
    again(hand, answered(hand), "retry", DELAYS.get(0), null);
  }

  private Run.Item answered(ModelHand hand) {
    Run.Item job = Objects.requireNonNull(hand.calling);
    hand.calling = null;
    return job;
  }

  /** What is left when some of the object ids are delivered. */
  private static @Nullable List<String> some(List<String> pending, Random dice) {
    return pending.size() > 1 && dice.nextBoolean()
        ? pending.subList(1 + dice.nextInt(pending.size() - 1), pending.size())
        : null;
  }

  private void die(ModelHand hand, Random dice) {
    Run.Item job = answered(hand);
    boolean holds = ModelAccount.of(hand.run.account()).holdOnDead;
    end(
        hand,
        job,
        JobState.DEAD,
        call(job, "rejected", null),
        holds ? new Step.End(null, "its job is dead", job.id(), true) : null);
    flush(hand.node, false);
    if (!model.faults || dice.nextInt(4) > 0) {
      sendLetter(hand.node, job.id(), model.faults && dice.nextInt(4) == 0);
    }
  }

  /**
   * @param forgets the node does not come to note that it was sent
   */
  private void sendLetter(ModelNode node, UUID job, boolean forgets) {
    node.letters
        .take(job)
        .ifPresent(
            letter -> {
              model.broker.letters.add(letter);
              if (!forgets && !node.letters.sent(letter.job(), letter.death())) {
                model.broker.removeLetters(List.of(job));
              }
            });
    model.check();
  }

  private void pause(ModelHand hand, @Nullable Duration time, Random dice) {
    Run.Item job = answered(hand);
    again(hand, job, "pause", null, null);
    flush(hand.node, false);
    PauseScope scope = dice.nextBoolean() ? PauseScope.ACCOUNT : PauseScope.CONNECTOR;
    ModelAccount account = ModelAccount.of(hand.run.account());
    hand.node.pauses.pause(new Pauses.Target(account.key, account.connector), scope, time, "401");
    model.tally.count("pause");
    model.check();
  }

  private void again(
      ModelHand hand,
      Run.Item job,
      String word,
      @Nullable Duration delay,
      @Nullable List<String> pending) {
    boolean called = !word.equals("delayed");
    Step.Call call = called ? call(job, word, delay) : null;
    record(
        hand,
        job,
        result(job, JobState.WAITING, call, again(word), pending),
        new Step.End(delay, word, job.id(), false));
  }

  private static Step.Again again(String word) {
    return switch (word) {
      case "retry" -> Step.Again.FAILED;
      case "throttled" -> Step.Again.THROTTLED;
      case "delayed" -> Step.Again.DELAYED;
      default -> Step.Again.NO;
    };
  }

  private void end(
      ModelHand hand,
      Run.Item job,
      JobState state,
      Step.@Nullable Call call,
      Step.@Nullable End end) {
    hand.answered.add(job.id());
    record(hand, job, result(job, state, call, Step.Again.NO, null), end);
  }

  private Step.Call call(Run.Item job, String outcome, @Nullable Duration next) {
    return new Step.Call(
        job.attempts() + 1, model.time.instant(), Duration.ofMillis(7), outcome, 200, null, next);
  }

  private static Step.Result result(
      Run.Item job,
      JobState state,
      Step.@Nullable Call call,
      Step.Again again,
      @Nullable List<String> pending) {
    return new Step.Result(job.id(), job.place(), state, state.word(), call, again, pending);
  }

  private void record(ModelHand hand, Run.Item job, Step.Result result, Step.@Nullable End end) {
    Step.End whole = end == null && hand.peek() == null ? Step.End.GO_ON : end;
    hand.ended |= whole != null;
    hand.node.unrecorded.add(new Pending(hand, new Step(hand.run, result, whole)));
    model.tell("%s: %s is %s, run ends: %s", hand.node.name, job.id(), result.state(), whole);
    model.tally.count("answer " + result.state());
  }

  /** The run ends before its next call: its time is spent, or it has no more. */
  void finish(ModelHand hand) {
    if (!hand.ended) {
      boolean has = hand.node.accounts.contains(ModelAccount.of(hand.run.account()));
      Step.End end = has ? Step.End.GO_ON : new Step.End(DELAYS.get(1), "lacks it", null, false);
      hand.ended = true;
      hand.node.unrecorded.add(new Pending(hand, new Step(hand.run, null, end)));
    }
    flush(hand.node, false);
    model.tell("%s ends run %s", hand.node.name, hand.run.id());
    if (hand.mustLook()) {
      hand.node.cancellation.completeAsked(hand.run.lane());
    }
    hand.node.hands.remove(hand);
    model.check();
  }

  void finish(Random dice) {
    List<ModelHand> idle = model.awake().flatMap(ModelNode::idle).toList();
    if (!idle.isEmpty()) {
      finish(LedgerModel.any(idle, dice));
    }
  }

  /**
   * Records what the node has gathered.
   *
   * @param unknown the first answer of the database is lost, and all of it is recorded again
   */
  void flush(ModelNode node, boolean unknown) {
    List<Pending> all = List.copyOf(node.unrecorded);
    node.unrecorded.clear();
    if (all.isEmpty()) {
      return;
    }
    if (unknown) {
      model.tally.count("steps recorded twice");
      node.deaf = true;
      record(node, all);
      node.deaf = false;
    }
    List<Step.Recorded> recorded = record(node, all);
    for (int i = 0; i < all.size(); i++) {
      ModelHand hand = all.get(i).hand();
      hand.stop |= recorded.get(i).stop() || !recorded.get(i).kept();
      hand.look |= recorded.get(i).look();
    }
    model.check();
  }

  private List<Step.Recorded> record(ModelNode node, List<Pending> all) {
    Picture before = Picture.take(model.database);
    List<Step.Recorded> recorded =
        model.gathering.record(node.ledger, all.stream().map(Pending::step).toList());
    for (int i = 0; i < all.size(); i++) {
      Step step = all.get(i).step();
      Run run = step.run();
      boolean kept = before.lane(run.lane()).isHeldBy(run.id(), run.node());
      model.require(
          recorded.get(i).kept() == kept, "a step of run %s is not kept: %s", run.id(), kept);
      model.tally.count(kept ? "step kept" : "step lost");
      if (kept && step.result() != null) {
        learn(step.result());
      }
    }
    return recorded;
  }

  private void learn(Step.Result result) {
    Known known = model.known(result.job());
    if (result.state() == JobState.CANCELLED) {
      known.cancelAsked = true;
    }
    if (result.state().isFinal()) {
      known.answer = result.state();
    }
    if (result.pending() != null) {
      known.pending = result.pending();
    }
  }
}
