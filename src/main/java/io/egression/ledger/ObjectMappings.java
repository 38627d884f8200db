package io.egression.ledger;

import io.egression.job.AccountKey;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What a channel calls our objects. Thread safe. */
public final class ObjectMappings {
  /** One of our objects at one channel. */
  public record Key(AccountKey account, String objectType, String objectId) {}

  private static final String WHERE =
      " WHERE account_id = :account AND object_type = :type AND object_id = :id";

  private static final String FIND = "SELECT foreign_id FROM object_mapping" + WHERE;

  private static final String REMEMBER =
      """
      INSERT INTO object_mapping (account_id, object_type, object_id, foreign_id)
      VALUES (:account, :type, :id, :foreign)
      ON CONFLICT (account_id, object_type, object_id) DO UPDATE SET foreign_id = excluded.foreign_id
      """;

  private static final String FORGET = "DELETE FROM object_mapping" + WHERE;

  private final Database database;
  private final Accounts accounts;

  public ObjectMappings(Database database, Accounts accounts) {
    this.database = database;
    this.accounts = accounts;
  }

  /** Their id; empty: not known. */
  public Optional<String> find(Key key) {
    return database.statement(() -> with(FIND, key).query(String.class).optional());
  }

  /** From now on this is their id, whatever it was before. */
  public void remember(Key key, String foreignId) {
    database.statement(() -> with(REMEMBER, key).param("foreign", foreignId).update());
  }

  public void forget(Key key) {
    database.statement(() -> with(FORGET, key).update());
  }

  private JdbcClient.StatementSpec with(String sql, Key key) {
    return database
        .sql()
        .sql(sql)
        .param("account", accounts.id(key.account))
        .param("type", key.objectType)
        .param("id", key.objectId);
  }
}
