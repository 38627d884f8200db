package io.egression.delivery;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.egression.job.AccountKey;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.camel.Message;
import org.jspecify.annotations.Nullable;

/**
 * The objects that the Metadata API lets the hub keep: for as long as it said without asking, and
 * then only when it says that they are still the same. Bounded by weight. Thread safe.
 */
public final class ObjectCache {
  /** An object as one account gets it. */
  record Key(String objectType, String id, AccountKey account, List<String> include) {}

  /**
   * An answer.
   *
   * @param body as it came: nobody can change what others get
   * @param control the header Cache-Control
   */
  record Kept(
      byte[] body, @Nullable String etag, @Nullable String control, boolean all, long freshNanos) {
    /** This answer to a question of that time. */
    static Kept of(byte[] body, Message answer, long askedNanos) {
      return new Kept(body, null, null, true, 0).renewed(answer, askedNanos);
    }

    /** Still the same, as this answer says. */
    Kept renewed(Message answer, long askedNanos) {
      String newTag = Outcomes.header(answer, "ETag");
      String newControl = Outcomes.header(answer, "Cache-Control");
      String nowControl = newControl == null ? control : newControl;
      long fresh = CacheControl.parse(nowControl).freshSeconds() - age(answer);
      return new Kept(
          body,
          newTag == null ? etag : newTag,
          nowControl,
          !String.valueOf(Outcomes.header(answer, "Vary")).contains("*"),
          askedNanos + TimeUnit.SECONDS.toNanos(Math.max(fresh, 0)));
    }

    private static long age(Message answer) {
      String age = Outcomes.header(answer, "Age");
      return age != null && age.matches("[0-9]{1,9}") ? Long.parseLong(age) : 0;
    }

    boolean isFresh() {
      return freshNanos - System.nanoTime() > 0;
    }

    private boolean isWorthKeeping() {
      return all && CacheControl.parse(control).mayKeep() && (etag != null || isFresh());
    }
  }

  /** Of an entry, besides what it holds. */
  private static final int OVERHEAD = 300;

  private final Cache<Key, Kept> kept;
  private final long most;

  /**
   * @param most bytes; 0: nothing is kept
   */
  public ObjectCache(long most) {
    this.most = most;
    this.kept =
        Caffeine.newBuilder()
            .maximumWeight(most)
            .weigher(ObjectCache::weight)
            .executor(Runnable::run)
            .build();
  }

  private static int weight(Key key, Kept kept) {
    int tag = kept.etag == null ? 0 : kept.etag.length();
    return OVERHEAD + 2 * key.id.length() + tag + kept.body.length;
  }

  @Nullable Kept find(Key key) {
    return kept.getIfPresent(key);
  }

  void keep(Key key, Kept answer) {
    if (most > 0 && answer.isWorthKeeping()) {
      kept.put(key, answer);
    } else {
      kept.invalidate(key);
    }
  }

  void forget(Key key) {
    kept.invalidate(key);
  }
}
