package io.egression.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of API keys; only hashes are kept. Thread safe. */
public final class AccessKeyStore {
  /**
   * @param hash SHA-256 of the key
   * @param subscriptions null: all
   */
  public record Row(
      UUID id, String name, byte[] hash, String role, @Nullable Set<String> subscriptions) {}

  /** A key as it may be shown. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Shown(
      UUID id, String name, String role, @Nullable Set<String> subscriptions, Instant createdAt) {}

  private static final String ALL =
      "SELECT * FROM access_key WHERE revoked_at IS NULL ORDER BY created_at, key_id";

  /** One admin's key for everything is left, else nobody could make another. */
  private static final String REVOKE =
      """
      UPDATE access_key k SET revoked_at = hub_now()
      WHERE key_id = :id AND revoked_at IS NULL
        AND (role <> 'admin' OR subscriptions IS NOT NULL OR EXISTS (
          SELECT FROM access_key o WHERE o.key_id <> k.key_id AND o.role = 'admin'
            AND o.subscriptions IS NULL AND o.revoked_at IS NULL))
      """;

  private static final String ADD =
      """
      INSERT INTO access_key (key_id, name, hash, role, subscriptions)
      VALUES (:id, :name, :hash, :role, :subscriptions)
      """;

  private final Database database;

  public AccessKeyStore(Database database) {
    this.database = database;
  }

  /** Every key that is not revoked. */
  public List<Row> all() {
    return database.statement(() -> database.sql().sql(ALL).query(AccessKeyStore::row).list());
  }

  /** Every key that is not revoked, the oldest first. */
  public List<Shown> shown() {
    return database.statement(() -> database.sql().sql(ALL).query(AccessKeyStore::shownRow).list());
  }

  /** False if it is no key in force, or the last one of an admin for everything. */
  public boolean revoke(UUID id) {
    return database.statement(() -> database.sql().sql(REVOKE).param("id", id).update()) > 0;
  }

  public void add(Row key) {
    database.statement(
        () ->
            database
                .sql()
                .sql(ADD)
                .param("id", key.id)
                .param("name", key.name)
                .param("hash", key.hash)
                .param("role", key.role)
                .param(
                    "subscriptions",
                    key.subscriptions == null ? null : key.subscriptions.toArray(String[]::new),
                    java.sql.Types.ARRAY)
                .update());
  }

  private static Row row(ResultSet row, int n) throws SQLException {
    return new Row(
        row.getObject("key_id", UUID.class),
        row.getString("name"),
        row.getBytes("hash"),
        row.getString("role"),
        subscriptions(row));
  }

  private static Shown shownRow(ResultSet row, int n) throws SQLException {
    return new Shown(
        row.getObject("key_id", UUID.class),
        row.getString("name"),
        row.getString("role"),
        subscriptions(row),
        row.getObject("created_at", OffsetDateTime.class).toInstant());
  }

  private static @Nullable Set<String> subscriptions(ResultSet row) throws SQLException {
    java.sql.Array subscriptions = row.getArray("subscriptions");
    return subscriptions == null ? null : Set.of((String[]) subscriptions.getArray());
  }
}
