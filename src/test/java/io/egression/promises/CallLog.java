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

  /**
   * Within a lane no call has a place below one that was called before; repeats of the last aside.
   */
  void assertPlacesRise() {
    Map<String, Long> last = new HashMap<>();
    for (Entry entry : entries) {
      Long before = last.put(entry.lane, entry.place);
      if (before != null) {
        assertThat(entry.place)
            .as("lane %s: job %s came after place %d", entry.lane, entry.job, before)
            .isGreaterThanOrEqualTo(before);
      }
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
