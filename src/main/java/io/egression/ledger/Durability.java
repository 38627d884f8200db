package io.egression.ledger;

import java.util.ArrayList;
import java.util.List;

/**
 * Whether a commit of this database outlives a crash, as far as its settings show (PostgreSQL:
 * Write Ahead Log, Replication).
 *
 * @param standbyNames the synchronous standbys; empty: none
 * @param standbys how many servers are fed now
 */
public record Durability(
    boolean fsync,
    boolean fullPageWrites,
    String synchronousCommit,
    String standbyNames,
    int standbys) {
  private static final String SETTINGS =
      """
      SELECT current_setting('fsync')::boolean AS fsync,
        current_setting('full_page_writes')::boolean AS full_page_writes,
        current_setting('synchronous_commit') AS synchronous_commit,
        current_setting('synchronous_standby_names') AS standby_names,
        (SELECT count(*) FROM pg_stat_replication) AS standbys
      """;

  /** Asks the database. */
  public static Durability of(Database database) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(SETTINGS)
                .query(
                    (row, n) ->
                        new Durability(
                            row.getBoolean("fsync"),
                            row.getBoolean("full_page_writes"),
                            row.getString("synchronous_commit"),
                            row.getString("standby_names"),
                            row.getInt("standbys")))
                .single());
  }

  /** What may lose accepted jobs, and what would be right; empty: nothing that can be seen. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    if (!fsync || !fullPageWrites) {
      warnings.add(
          "fsync or full_page_writes is off: if the database's machine fails, the ledger may be"
              + " destroyed; set both on");
    }
    if (synchronousCommit.equals("off")) {
      warnings.add(
          "synchronous_commit is off: jobs that were accepted just before a crash of the database"
              + " are lost; set it on");
    }
    if (standbys > 0 && (standbyNames.isBlank() || synchronousCommit.equals("local"))) {
      warnings.add(
          "the database has standbys, but none is synchronous: a failover loses what it has not"
              + " been fed; set synchronous_standby_names");
    }
    return warnings;
  }
}
