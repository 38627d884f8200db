package io.egression.delivery;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.job.Action;
import io.egression.ledger.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one request brought for the job in hand and the next ones of its run: no more than one
 * answer, and for a moment only. One thread.
 */
final class Ahead {
  /** The object is fetched when it is delivered; what is older than this is fetched again. */
  private static final Duration MOST = Duration.ofSeconds(2);

  /**
   * One object.
   *
   * @param body null: the Metadata API does not know it
   * @param size in bytes, about
   */
  record Fetched(@Nullable JsonNode body, int size) {}

  private String objectType = "";
  private Map<String, Fetched> objects = Map.of();
  private long cameNanos;

  /**
   * Takes the place of what was there.
   *
   * @param work in hand: a later job is not ended by what was not there before its turn
   */
  void fill(Work work, Map<String, Fetched> answer) {
    List<String> own = work.rest();
    objects = new HashMap<>(answer);
    objects.entrySet().removeIf(e -> e.getValue().body() == null && !own.contains(e.getKey()));
    objectType = work.job.objectType();
    cameNanos = System.nanoTime();
  }

  Optional<Fetched> find(String type, String id) {
    if (System.nanoTime() - cameNanos > MOST.toNanos()) {
      objects = Map.of();
    }
    return type.equals(objectType) ? Optional.ofNullable(objects.get(id)) : Optional.empty();
  }

  /** What to ask for next: the rest of the job in hand, then the next jobs of its type. */
  static List<String> ids(Work work, List<Run.Item> following, int most) {
    Set<String> ids = new LinkedHashSet<>(work.rest());
    for (Run.Item job : following) {
      if (ids.size() >= most) {
        break;
      }
      if (job.objectType().equals(work.job.objectType())
          && job.action() != Action.DELETE
          && job.cancelAsked() == null) {
        ids.addAll(job.pending());
      }
    }
    return new ArrayList<>(ids).subList(0, Math.min(most, ids.size()));
  }
}
