package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
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

  private static final String ALL = "SELECT * FROM access_key WHERE revoked_at IS NULL";

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
    java.sql.Array subscriptions = row.getArray("subscriptions");
    return new Row(
        row.getObject("key_id", UUID.class),
        row.getString("name"),
        row.getBytes("hash"),
        row.getString("role"),
        subscriptions == null ? null : Set.of((String[]) subscriptions.getArray()));
  }
}
