package io.egression.ledger;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Which dead letters are still to be sent. Thread safe. */
public final class DeadLetters {
  /**
   * A dead job's letter.
   *
   * @param death how often the job has died: replay is conditional on it
   */
  public record Letter(
      UUID job,
      int death,
      String subscription,
      String channel,
      String connector,
      String partitionKey,
      String source,
      String action,
      String objectType,
      List<String> objectIds,
      List<String> undelivered,
      String reason,
      @Nullable Integer lastStatus,
      int attempts,
      Instant diedAt) {}

  private static final String DUE =
      """
      SELECT j.job_id, j.deaths, a.subscription, a.channel, a.connector, l.partition_key, j.source,
        j.action, j.object_type, j.object_ids, coalesce(j.pending_ids, j.object_ids) AS pending,
        j.reason, j.attempts, j.died_at,
        (SELECT status FROM attempt t WHERE t.job_id = j.job_id ORDER BY number DESC LIMIT 1) AS status
      FROM job j JOIN lane l USING (lane_id) JOIN account a ON a.account_id = j.account_id
      WHERE j.letter_due ORDER BY j.job_id LIMIT :limit
      """;

  private static final String ONE = DUE.replace("j.letter_due", "j.letter_due AND j.job_id = :id");

  private static final String OVERDUE =
      DUE.replace("j.letter_due", "j.letter_due AND j.died_at < hub_now() - interval '5 seconds'");

  /** One sender at a time: a send to the broker ends, well or not, before this runs out. */
  private static final String TAKE =
      """
      UPDATE job SET letter_taken = hub_now()
      WHERE job_id = :id AND letter_due
        AND coalesce(letter_taken, '-infinity') < hub_now() - interval '60 seconds'
      """;

  private static final String SENT =
      "UPDATE job SET letter_due = false WHERE job_id = :id AND deaths = :death AND letter_due";

  private static final String STILL_DEAD =
      "SELECT state = 'dead' AND deaths = :death FROM job WHERE job_id = :id";

  private final Database database;

  public DeadLetters(Database database) {
    this.database = database;
  }

  /** The letters that should have been sent by now: none in a healthy run. */
  public List<Letter> overdue(int limit) {
    return database.statement(
        () -> database.sql().sql(OVERDUE).param("limit", limit).query(DeadLetters::letter).list());
  }

  /** Takes the job's letter to be sent; empty if it is sent already or somebody is at it. */
  public Optional<Letter> take(UUID job) {
    return database.transaction(
        () ->
            database.sql().sql(TAKE).param("id", job).update() == 0
                ? Optional.<Letter>empty()
                : database
                    .sql()
                    .sql(ONE)
                    .param("limit", 1)
                    .param("id", job)
                    .query(DeadLetters::letter)
                    .optional());
  }

  /** Notes that the letter of this death is sent; false if the job is not dead of it any more. */
  public boolean sent(UUID job, int death) {
    return database.statement(
        () -> {
          database.sql().sql(SENT).param("id", job).param("death", death).update();
          return database
              .sql()
              .sql(STILL_DEAD)
              .param("id", job)
              .param("death", death)
              .query(Boolean.class)
              .single();
        });
  }

  private static Letter letter(ResultSet row, int n) throws SQLException {
    return new Letter(
        row.getObject("job_id", UUID.class),
        row.getInt("deaths"),
        row.getString("subscription"),
        row.getString("channel"),
        row.getString("connector"),
        row.getString("partition_key"),
        row.getString("source"),
        row.getString("action"),
        row.getString("object_type"),
        List.of((String[]) row.getArray("object_ids").getArray()),
        List.of((String[]) row.getArray("pending").getArray()),
        row.getString("reason"),
        row.getObject("status", Integer.class),
        row.getInt("attempts"),
        row.getObject("died_at", OffsetDateTime.class).toInstant());
  }
}
