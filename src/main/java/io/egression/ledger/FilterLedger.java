package io.egression.ledger;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import io.egression.job.AccountKey;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What filters decided, and every version of them that did. Thread safe. */
public final class FilterLedger implements AutoCloseable {
  /** A version of a filter; its content is JSON. */
  public record Version(
      String filter,
      int version,
      String hash,
      @JsonRawValue String content,
      @Nullable Instant since) {}

  /**
   * @param verdict deliver, delete, filtered or failed
   * @param filters what each said, as JSON
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Decision(
      @Nullable UUID job, @Nullable Instant at, String verdict, @JsonRawValue String filters) {}

  private static final String KEEP =
      """
      INSERT INTO filter_version (filter, version, hash, content)
      SELECT * FROM unnest(:filters, :versions, :hashes, :contents) ORDER BY 1, 2
      ON CONFLICT DO NOTHING
      """;

  private static final String OTHERS =
      """
      SELECT v.* FROM filter_version v
      JOIN unnest(:filters, :versions, :hashes) AS n (filter, version, hash) USING (filter, version)
      WHERE v.hash <> n.hash ORDER BY filter
      """;

  private static final String VERSIONS = "SELECT * FROM filter_version ORDER BY filter, version";

  private static final String RECORD =
      """
      INSERT INTO filter_decision AS d (job_id, verdict, filters)
      SELECT job, verdict, filters::jsonb
      FROM unnest(:jobs, :verdicts, :filters) AS n (job, verdict, filters)
      ON CONFLICT (job_id) DO UPDATE SET
        at = hub_now(), verdict = excluded.verdict, filters = excluded.filters
      """;

  private static final String FIND = "SELECT * FROM filter_decision WHERE job_id = :job";

  /**
   * The last that was delivered there was not a delete, nor made one. A job says nothing of an
   * object that a filter left out of it.
   */
  private static final String THERE =
      """
      SELECT j.action <> 'delete' AND coalesce(d.verdict, '') <> 'delete'
      FROM account a CROSS JOIN LATERAL jobs_of(a.account_id, :type, :id) j
      LEFT JOIN filter_decision d USING (job_id)
      WHERE a.subscription = :subscription AND a.channel = :channel AND j.state = 'delivered'
        AND NOT (coalesce(d.verdict, '') = 'deliver' AND EXISTS (
          SELECT FROM jsonb_array_elements(d.filters) f WHERE jsonb_exists(f -> 'out', :id)))
      ORDER BY j.finished_at DESC, j.turn DESC LIMIT 1
      """;

  private final Database database;
  private final Grouping<Decision, Boolean> decisions =
      new Grouping<>("egression-filters", this::record);

  public FilterLedger(Database database) {
    this.database = database;
  }

  /**
   * Keeps the versions; returns those kept before under the same number that are not the same: none
   * of the new ones is kept then.
   */
  public List<Version> keep(List<Version> versions) {
    if (versions.isEmpty()) {
      return List.of();
    }
    return database.transaction(
        () -> {
          List<Version> others = others(versions);
          if (others.isEmpty()) {
            with(KEEP, versions)
                .param("contents", SqlArrays.column("text", versions, Version::content))
                .update();
          }
          return others;
        });
  }

  private List<Version> others(List<Version> versions) {
    return with(OTHERS, versions).query((row, n) -> version(row)).list();
  }

  private org.springframework.jdbc.core.simple.JdbcClient.StatementSpec with(
      String sql, List<Version> versions) {
    return database
        .sql()
        .sql(sql)
        .param("filters", SqlArrays.column("text", versions, Version::filter))
        .param("versions", SqlArrays.column("int4", versions, Version::version))
        .param("hashes", SqlArrays.column("text", versions, Version::hash));
  }

  /** Every version that was ever in force. */
  public List<Version> versions() {
    return database.statement(
        () -> database.sql().sql(VERSIONS).query((row, n) -> version(row)).list());
  }

  private static Version version(java.sql.ResultSet row) throws java.sql.SQLException {
    return new Version(
        row.getString("filter"),
        row.getInt("version"),
        row.getString("hash"),
        row.getString("content"),
        row.getObject("since", OffsetDateTime.class).toInstant());
  }

  /** Records it; returns when it is durable. Waits for the database while it is away. */
  public void decided(Decision decision) {
    decisions.ask(decision).join();
  }

  private List<Boolean> record(List<Decision> group) {
    // of two for one job in a group the later one
    List<Decision> last =
        List.copyOf(
            group.stream()
                .collect(
                    java.util.stream.Collectors.toMap(
                        Decision::job, each -> each, (before, after) -> after))
                .values());
    database.statement(
        () ->
            database
                .sql()
                .sql(RECORD)
                .param("jobs", SqlArrays.column("uuid", last, Decision::job))
                .param("verdicts", SqlArrays.column("text", last, Decision::verdict))
                .param("filters", SqlArrays.column("text", last, Decision::filters))
                .update());
    return Stream.generate(() -> true).limit(group.size()).toList();
  }

  /** What was decided on a job; empty: nothing. */
  public Optional<Decision> find(UUID job) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(FIND)
                .param("job", job)
                .query(
                    (row, n) ->
                        new Decision(
                            null,
                            row.getObject("at", OffsetDateTime.class).toInstant(),
                            row.getString("verdict"),
                            row.getString("filters")))
                .optional());
  }

  /** Whether the channel has the object, as far as what was delivered says. */
  public boolean isThere(AccountKey account, String type, String id) {
    return database.statement(
        () ->
            database
                .sql()
                .sql(THERE)
                .param("subscription", account.subscription())
                .param("channel", account.channel())
                .param("type", type)
                .param("id", id)
                .query(Boolean.class)
                .optional()
                .orElse(false));
  }

  @Override
  public void close() {
    decisions.close();
  }
}
