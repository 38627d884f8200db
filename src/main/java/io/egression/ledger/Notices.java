package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;

/** What is to be told once, by one of the nodes. Thread safe. */
public final class Notices {
  /**
   * @param kind a word for programs
   * @param subject what it is about
   * @param text a sentence
   */
  public record Notice(String kind, String subject, String text) {}

  /** One that this node is to tell. */
  public record Due(Notice notice, Instant beganAt) {}

  /** Nodes look at different moments: what one does not see yet has not ended. */
  private static final String END =
      """
      UPDATE notice SET ended_at = hub_now()
      WHERE ended_at IS NULL AND began_at < hub_now() - interval '30 seconds'
        AND (kind, subject) NOT IN (SELECT * FROM unnest(:kinds, :subjects))
      """;

  private static final String BEGIN =
      """
      INSERT INTO notice AS n (kind, subject, text)
      SELECT DISTINCT ON (1, 2) * FROM unnest(:kinds, :subjects, :texts) ORDER BY 1, 2
      ON CONFLICT (kind, subject) DO UPDATE SET text = excluded.text, began_at = hub_now(),
        taken_at = NULL, told_at = NULL, ended_at = NULL
      WHERE n.ended_at < hub_now() - interval '60 seconds'
      """;

  private static final String TAKE =
      """
      UPDATE notice SET taken_at = hub_now()
      WHERE told_at IS NULL AND ended_at IS NULL
        AND coalesce(taken_at, '-infinity') < hub_now() - interval '60 seconds'
      RETURNING *
      """;

  private static final String TOLD =
      """
      UPDATE notice SET told_at = CASE WHEN :told THEN hub_now() END, taken_at = NULL
      WHERE kind = :kind AND subject = :subject
      """;

  /** By their closed belts, of which there are few. */
  private static final String BLOCKED =
      """
      SELECT DISTINCT a.subscription || '/' || a.channel || '/' || b.batch_id || '/' || d.belt AS subject,
        format('Belt %s of batch %s waits for an operator on %s/%s: %s jobs of it are dead.',
          d.belt, coalesce(b.name, b.batch_id::text), a.subscription, a.channel, d.dead) AS text
      FROM batch_belt l JOIN batch b USING (batch_id) JOIN account a USING (account_id)
      JOIN batch_belt d ON d.batch_id = l.batch_id AND d.account_id = l.account_id AND d.belt < l.belt
      WHERE l.opened_at IS NULL AND b.on_dead = 'hold' AND b.cancelled_by IS NULL
        AND d.dead > 0 AND d.open = 0 AND d.opened_at IS NOT NULL AND d.released_by IS NULL
      LIMIT 1000
      """;

  /** By the eighth time, some four minutes have passed. */
  private static final String STUCK =
      """
      SELECT subscription || '/' || listener AS subject,
        format('%s takes no events of %s: %s attempts have failed; they are kept for three days.',
          CASE listener WHEN 'webhook' THEN 'The webhook' ELSE 'The broker' END, subscription, failures) AS text
      FROM ending_teller WHERE failures >= 8
      LIMIT 1000
      """;

  private final Database database;

  public Notices(Database database) {
    this.database = database;
  }

  /** Belts that wait for an operator's word. */
  public List<Notice> blockedBelts() {
    return notices("belt.blocked", BLOCKED);
  }

  /** Listeners that have not taken events for a while. */
  public List<Notice> stuckListeners() {
    return notices("events.stuck", STUCK);
  }

  private List<Notice> notices(String kind, String sql) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(sql)
                .query(
                    (row, n) -> new Notice(kind, row.getString("subject"), row.getString("text")))
                .list());
  }

  /** What is so now; returns what this node is to tell, each once until {@link #told}. */
  public List<Due> see(List<Notice> now) {
    var kinds = SqlArrays.column("text", now, Notice::kind);
    var subjects = SqlArrays.column("text", now, Notice::subject);
    return database.transaction(
        () -> {
          database.sql().sql(END).param("kinds", kinds).param("subjects", subjects).update();
          database
              .sql()
              .sql(BEGIN)
              .param("kinds", kinds)
              .param("subjects", subjects)
              .param("texts", SqlArrays.column("text", now, Notice::text))
              .update();
          return database.sql().sql(TAKE).query(Notices::due).list();
        });
  }

  /** It was told, or it is to be told again. */
  public void told(Notice notice, boolean told) {
    database.statement(
        () ->
            database
                .sql()
                .sql(TOLD)
                .param("told", told)
                .param("kind", notice.kind)
                .param("subject", notice.subject)
                .update());
  }

  private static Due due(ResultSet row, int n) throws SQLException {
    return new Due(
        new Notice(row.getString("kind"), row.getString("subject"), row.getString("text")),
        row.getObject("began_at", OffsetDateTime.class).toInstant());
  }
}
