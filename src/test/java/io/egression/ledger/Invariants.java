package io.egression.ledger;

import io.egression.job.JobState;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What must hold after every move, whatever it was. */
final class Invariants {
  private static final Set<JobState> UNPLACED = EnumSet.of(JobState.SCHEDULED, JobState.GATED);
  private static final List<String> IN_FLIGHT = List.of("queued", "running");

  private static final Map<JobState, Set<JobState>> NEXT =
      Map.of(
          JobState.SCHEDULED, EnumSet.of(JobState.GATED, JobState.WAITING, JobState.CANCELLED),
          // scheduled for now, to be looked at again: what it waited for was discarded
          JobState.GATED, EnumSet.of(JobState.WAITING, JobState.SCHEDULED, JobState.CANCELLED),
          JobState.WAITING,
              EnumSet.of(
                  JobState.DELIVERED, JobState.DEAD, JobState.SUPERSEDED, JobState.CANCELLED),
          JobState.DEAD, EnumSet.of(JobState.WAITING, JobState.GATED, JobState.CANCELLED));

  private final LedgerModel model;

  Invariants(LedgerModel model) {
    this.model = model;
  }

  void check(Picture before, Picture after) {
    after.lanes().values().forEach(lane -> checkLane(lane, after));
    after.jobs().values().forEach(job -> checkJob(job, after));
    for (ModelAccount account : ModelAccount.values()) {
      long inFlight =
          after.lanes().values().stream()
              .filter(lane -> lane.of() == account && IN_FLIGHT.contains(lane.state()))
              .count();
      model.require(inFlight <= account.window, "%s has %d runs at once", account, inFlight);
    }
    before.jobs().values().forEach(job -> checkMove(before, job, after.job(job.id())));
    before.lanes().values().forEach(lane -> checkMove(lane, after.lane(lane.id())));
    model.require(after.jobs().size() == model.known.size(), "jobs came or went unasked");
  }

  private void checkLane(Picture.Lane lane, Picture now) {
    long placed = now.in(lane).filter(job -> job.isOpen() && job.place() != null).count();
    long unplaced = now.in(lane).filter(job -> UNPLACED.contains(job.state())).count();
    require(lane.open() == placed, "open is not " + placed, lane);
    require(lane.unplaced() == unplaced, "unplaced is not " + unplaced, lane);
    String state = lane.state();
    require(state.equals("ready") == lane.hasReadyAt() || !state.equals("ready"), "ready_at", lane);
    require(state.equals("waiting") == lane.hasDueAt(), "due_at", lane);
    require(IN_FLIGHT.contains(state) == (lane.run() != null), "run", lane);
    require(state.equals("running") == (lane.node() != null), "node", lane);
    require(placed == 0 || !state.equals("idle"), "idle with work", lane);
    require(
        placed > 0 || !(state.equals("ready") || state.equals("waiting")), "nothing to do", lane);
    if (state.equals("held")) {
      Picture.Job holder = lane.reasonJob() == null ? null : now.job(lane.reasonJob());
      require(
          lane.of().holdOnDead && holder != null && holder.state() == JobState.DEAD,
          "held by no dead job",
          lane);
    }
    checkPlaces(lane, now);
  }

  private void checkPlaces(Picture.Lane lane, Picture now) {
    Set<Long> places = new HashSet<>();
    now.in(lane)
        .filter(job -> job.place() != null)
        .forEach(
            job -> {
              require(places.add(job.place()), "place " + job.place() + " twice", lane);
              require(job.place() <= lane.lastPlace(), "last_place", lane);
              require(!job.isOpen() || job.place() > lane.finalPlace(), "final_place", lane);
            });
  }

  private void require(boolean holds, String what, Picture.Lane lane) {
    model.require(holds, "%s: %s", what, lane);
  }

  private void checkJob(Picture.Job job, Picture now) {
    JobState state = job.state();
    boolean isUnplaced = UNPLACED.contains(state);
    require(!isUnplaced || job.place() == null, "has a place too early", job);
    require(state != JobState.WAITING || job.place() != null, "waits without a place", job);
    require((state == JobState.SCHEDULED) == job.hasScheduledAt(), "scheduled_at", job);
    require((state == JobState.GATED) == (job.behind() != null), "behind", job);
    require((state == JobState.DEAD) == job.hasDiedAt(), "died_at", job);
    require(state.isFinal() == job.hasFinishedAt(), "finished_at", job);
    require(job.attempts() == job.attemptRows(), "attempts", job);
    require(job.lane() == now.lane(job.lane()).id(), "lane", job);
    require(!state.isFinal() || model.known(job.id()).explains(job), "ended for no reason", job);
    require(
        state.isFinal() || model.known(job.id()).answer == null, "its final answer is gone", job);
    require(
        state == JobState.DEAD
            ? job.letterDue() || model.broker.hasLetter(job.id(), job.deaths())
            : !job.letterDue(),
        "dead letter",
        job);
  }

  private void require(boolean holds, String what, Picture.Job job) {
    model.require(holds, "%s %s: %s", job.id(), what, job);
  }

  private void checkMove(Picture all, Picture.Job before, Picture.Job after) {
    boolean stays = before.state() == after.state();
    require(
        stays || NEXT.getOrDefault(before.state(), Set.of()).contains(after.state()),
        "was " + before.state(),
        after);
    require(before.lane() == after.lane(), "changed its lane", after);
    boolean newPlace =
        after.place() != null
            && !after.place().equals(before.place())
            && after.place() > all.lane(before.lane()).lastPlace();
    boolean replayed = before.state() == JobState.DEAD && after.isOpen();
    require(
        java.util.Objects.equals(before.place(), after.place())
            || (before.place() == null && newPlace)
            || (replayed && (newPlace || after.place() == null)),
        "changed its place from " + before.place(),
        after);
  }

  private void checkMove(Picture.Lane before, Picture.Lane after) {
    require(after.lastPlace() >= before.lastPlace(), "places went back", after);
    boolean sameRun = before.run() != null && before.run().equals(after.run());
    require(
        !sameRun || !before.state().equals("running") || after.state().equals("running"),
        "a run began twice",
        after);
  }
}
