package io.egression.promises;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.StubServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/** What a connector saw, in the order in which the calls came. */
final class CallLog {
  /** One call. */
  record Entry(
      String job, String idempotencyKey, String lane, long place, String object, long nanos) {}

  private final ConcurrentLinkedQueue<Entry> entries = new ConcurrentLinkedQueue<>();

  void add(StubServer.Call call) {
    entries.add(
        new Entry(
            call.header("Egression-Job"),
            call.header("Idempotency-Key"),
            call.header("Egression-Channel") + "/" + call.header("Egression-Partition"),
            Long.parseLong(call.header("Egression-Place")),
            call.objectId(),
            System.nanoTime()));
  }

  List<Entry> entries() {
    return List.copyOf(entries);
  }

  Map<String, List<Entry>> byJob() {
    Map<String, List<Entry>> byJob = new HashMap<>();
    entries.forEach(e -> byJob.computeIfAbsent(e.job, job -> new ArrayList<>()).add(e));
    return byJob;
  }

  /** Within a lane no call has a place below one that was called before. */
  void assertPlacesRise() {
    assertPlacesRise(0);
  }

  /**
   * As {@link #assertPlacesRise()}, but where nodes are killed: an answer is recorded while the
   * next job is called, so a kill may repeat both.
   */
  void assertPlacesRiseButForRepeatsOfTheLastTwo() {
    assertPlacesRise(1);
  }

  private void assertPlacesRise(int back) {
    Map<String, List<Entry>> called = new HashMap<>();
    for (Entry entry : entries) {
      List<Entry> before = called.computeIfAbsent(entry.lane, lane -> new ArrayList<>());
      long highest = before.stream().mapToLong(Entry::place).max().orElse(0);
      boolean repeats = before.stream().anyMatch(earlier -> earlier.job.equals(entry.job));
      before.add(entry);
      assertThat(entry.place)
          .as("lane %s: the last called is job %s; places: %s", entry.lane, entry.job, before)
          .isGreaterThanOrEqualTo(repeats ? highest - back : highest);
    }
  }

  /** Each object's jobs are called in this order, repeats aside. */
  void assertObjectOrder(Map<String, List<String>> acceptedByObject) {
    Map<String, List<String>> called = new HashMap<>();
    for (Entry entry : entries) {
      List<String> jobs = called.computeIfAbsent(entry.object, object -> new ArrayList<>());
      if (jobs.isEmpty() || !jobs.get(jobs.size() - 1).equals(entry.job)) {
        jobs.add(entry.job);
      }
    }
    acceptedByObject.forEach(
        (object, jobs) -> assertThat(called.get(object)).as("object " + object).isEqualTo(jobs));
  }
}
