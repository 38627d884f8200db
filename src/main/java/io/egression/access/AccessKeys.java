package io.egression.access;

import io.egression.intake.Caller;
import io.egression.intake.Caller.Role;
import io.egression.ledger.AccessKeyStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The API keys. A key is 256 random bits; the ledger has only its SHA-256. Checks are made against
 * a copy that {@link #refresh} renews, so they need no database. Thread safe.
 */
public final class AccessKeys {
  private static final String PREFIX = "egr_";
  private static final String BEARER = "Bearer ";
  private static final int BYTES = 32;

  private record Known(Map<String, String> idsByHash, Map<String, Caller> callersById) {}

  private final AccessKeyStore store;
  private final SecureRandom random = new SecureRandom();
  private volatile Known known = new Known(Map.of(), Map.of());

  public AccessKeys(AccessKeyStore store) {
    this.store = store;
    refresh();
  }

  /** Takes in keys made or revoked since, here or on another node. */
  public void refresh() {
    Map<String, String> ids = new HashMap<>();
    Map<String, Caller> callers = new HashMap<>();
    for (AccessKeyStore.Row row : store.all()) {
      ids.put(HexFormat.of().formatHex(row.hash()), row.id().toString());
      Role role = Role.valueOf(row.role().toUpperCase(Locale.ROOT));
      callers.put(row.id().toString(), new Caller(row.name(), role, row.subscriptions()));
    }
    known = new Known(Map.copyOf(ids), Map.copyOf(callers));
  }

  public boolean isEmpty() {
    return known.callersById.isEmpty();
  }

  /** A key that was just made. */
  public record Made(UUID id, String key) {}

  /** Makes a key. What is returned is kept nowhere. */
  public String create(String name, Role role, @Nullable Set<String> subscriptions) {
    return make(name, role, subscriptions).key;
  }

  /** As {@link #create}. */
  public Made make(String name, Role role, @Nullable Set<String> subscriptions) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    String word = role.name().toLowerCase(Locale.ROOT);
    UUID id = UUID.randomUUID();
    store.add(new AccessKeyStore.Row(id, name, hash(key), word, subscriptions));
    refresh();
    return new Made(id, key);
  }

  /** The keys in force. */
  public List<AccessKeyStore.Shown> list() {
    return store.shown();
  }

  /** Ends a key, here at once; false if it is not in force, or the last admin's for everything. */
  public boolean revoke(UUID id) {
    boolean revoked = store.revoke(id);
    refresh();
    return revoked;
  }

  /** The id of the key in an {@code Authorization} header: {@code Bearer <key>} (RFC 6750). */
  Optional<String> check(@Nullable String authorization) {
    return credential(authorization).map(key -> known.idsByHash.get(hex(key)));
  }

  static Optional<String> credential(@Nullable String authorization) {
    return authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        ? Optional.of(authorization.substring(BEARER.length()).strip())
        : Optional.empty();
  }

  static String hex(String secret) {
    return HexFormat.of().formatHex(hash(secret));
  }

  /**
   * The caller by its key's id.
   *
   * @throws IllegalStateException if the key was revoked in between
   */
  public Caller caller(String id) {
    Caller caller = known.callersById.get(id);
    if (caller == null) {
      throw new IllegalStateException("no such key");
    }
    return caller;
  }

  private static byte[] hash(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
