package io.egression.ledger;

import io.egression.job.JobState;
import io.egression.job.Outcome.PauseScope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;

/** Cancels, replays, discards, pauses and resumes. */
final class ModelOperator {
  private final LedgerModel model;

  ModelOperator(LedgerModel model) {
    this.model = model;
  }

  void cancel(Random dice) {
    List<Picture.Job> open =
        model.picture().jobs().values().stream()
            .filter(job -> job.isOpen() || dice.nextInt(10) == 0)
            .toList();
    if (open.isEmpty()) {
      return;
    }
    Picture.Job job = LedgerModel.any(open, dice);
    Cancellation.Result result = model.anyAwake(dice).cancellation.cancel(job.id(), "operator");
    model.tell("cancel %s: %s", job.id(), result);
    model.tally.count("cancel " + result);
    model.known(job.id()).cancelAsked |= result != Cancellation.Result.FINAL;
    model.require(
        job.isOpen() == (result != Cancellation.Result.FINAL), "cancel %s: %s", job, result);
    model.check();
    JobState state = model.picture().job(job.id()).state();
    model.require(
        result != Cancellation.Result.CANCELLED || state == JobState.CANCELLED,
        "cancelled, and %s",
        state);
  }

  List<Picture.Job> dead() {
    return model.picture().jobs().values().stream()
        .filter(job -> job.state() == JobState.DEAD)
        .toList();
  }

  /** Some of the dead jobs, now and then all. */
  void replay(Random dice) {
    List<UUID> some = new ArrayList<>();
    dead().stream().filter(job -> dice.nextInt(3) > 0).forEach(job -> some.add(job.id()));
    if (!some.isEmpty()) {
      replay(model.anyAwake(dice), some, dice);
    }
  }

  void replay(ModelNode node, List<UUID> jobs, Random dice) {
    List<UUID> replayed = node.replay.replay(jobs, null, "operator");
    model.require(
        replayed.size() == jobs.size() && replayed.containsAll(jobs), "replayed only %s", replayed);
    replayed(replayed, dice);
  }

  private void replayed(List<UUID> jobs, Random dice) {
    Picture before = model.picture();
    Picture after = Picture.take(model.database);
    for (UUID job : jobs) {
      Long place = after.job(job).place();
      boolean first = place != null && place.equals(before.job(job).place());
      Known known = model.known(job);
      known.replayed(first ? known.turn : model.nextTurn());
      model.tell("replay %s at %s", job, place);
      model.tally.count(first ? "replay first" : place == null ? "replay gated" : "replay last");
    }
    if (!model.faults || dice.nextInt(4) > 0) {
      model.broker.removeLetters(jobs);
    }
    model.check();
  }

  /** All dead jobs, a few at a time. */
  void bulkReplay(Random dice) {
    ModelNode node = model.anyAwake(dice);
    Replay.Filter all = new Replay.Filter(null, null, null, null, null);
    UUID id = node.replay.startBulk(all, "operator");
    Optional<List<UUID>> step = node.replay.bulkStep(2);
    while (step.isPresent()) {
      replayed(step.get(), dice);
      step = node.replay.bulkStep(2);
    }
    model.require(
        node.replay.progress(id, false).orElseThrow().finished() && dead().isEmpty(),
        "dead jobs are left after the replay of all");
  }

  /** A letter is moved back in the console; it may be of an earlier death. */
  void moveLetter(Random dice) {
    if (model.broker.letters.isEmpty()) {
      return;
    }
    DeadLetters.Letter letter = LedgerModel.any(model.broker.letters, dice);
    Picture.Job job = model.picture().job(letter.job());
    boolean isOfThisDeath = job.state() == JobState.DEAD && job.deaths() == letter.death();
    model.broker.letters.remove(letter);
    List<UUID> replayed =
        model.anyAwake(dice).replay.replay(List.of(letter.job()), letter.death(), "console");
    model.tell("letter %d of %s is moved back", letter.death(), letter.job());
    model.tally.count(isOfThisDeath ? "letter" : "letter out of date");
    model.require(replayed.isEmpty() != isOfThisDeath, "replayed: %s", replayed);
    replayed(replayed, dice);
  }

  void discard(Random dice) {
    List<Picture.Job> dead = dead();
    if (!dead.isEmpty()) {
      discard(model.anyAwake(dice), LedgerModel.any(dead, dice).id());
    }
  }

  void discard(ModelNode node, UUID job) {
    List<UUID> discarded = node.replay.discard(List.of(job), "operator");
    model.tell("discard %s", job);
    model.tally.count("discard");
    model.require(discarded.equals(List.of(job)), "not discarded");
    model.known(job).cancelAsked = true;
    model.broker.removeLetters(discarded);
    model.check();
  }

  void pause(Random dice) {
    ModelAccount account = LedgerModel.any(List.of(ModelAccount.values()), dice);
    PauseScope scope = dice.nextBoolean() ? PauseScope.ACCOUNT : PauseScope.CONNECTOR;
    Duration time = dice.nextBoolean() ? null : Duration.ofSeconds(20);
    model
        .anyAwake(dice)
        .pauses
        .pause(new Pauses.Target(account.key, account.connector), scope, time, "operator");
    model.tell("pause %s of %s for %s", scope, account, time);
    model.check();
  }

  /** Also what is not paused. */
  void resume(Random dice) {
    ModelAccount account = LedgerModel.any(List.of(ModelAccount.values()), dice);
    ModelNode node = model.anyAwake(dice);
    node.pauses.resumeAccount(account.key);
    node.pauses.resumeConnector(account.connector);
    model.tell("resume %s", account);
    model.check();
  }

  void resumeAll(ModelNode node) {
    for (ModelAccount account : ModelAccount.values()) {
      node.pauses.resumeAccount(account.key);
      node.pauses.resumeConnector(account.connector);
    }
  }
}
