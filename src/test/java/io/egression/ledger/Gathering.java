package io.egression.ledger;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Makes steps that are recorded at the same time share one statement, as chance would have it. */
final class Gathering implements AutoCloseable {
  private static final String BLOCKED =
      "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'lane'::regclass AND NOT granted)";

  private final Connection beside;

  Gathering(ModelTime time) {
    try {
      beside = time.connect();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Records the steps in one statement and returns what it brought back. */
  List<Step.Recorded> record(RunLedger ledger, List<Step> steps) {
    if (steps.size() < 2) {
      return steps.stream().map(step -> ledger.record(step).join()).toList();
    }
    return gathered(ledger, () -> steps.stream().map(ledger::record).toList()).stream()
        .map(CompletableFuture::join)
        .toList();
  }

  /** While a first step waits for the lock, the others gather behind it. */
  private <T> T gathered(RunLedger ledger, Supplier<T> others) {
    try (Statement statement = beside.createStatement()) {
      statement.execute("BEGIN; LOCK TABLE lane IN EXCLUSIVE MODE");
      ledger.record(ofNoRun());
      awaitBlocked(statement);
      T asked = others.get();
      statement.execute("COMMIT");
      return asked;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Step ofNoRun() {
    Run none =
        new Run(
            UUID.randomUUID(),
            UUID.randomUUID(),
            -1,
            ModelAccount.WHOLE.key,
            "none",
            Run.Standing.NORMAL,
            List.of());
    return new Step(none, null, Step.End.GO_ON);
  }

  private static void awaitBlocked(Statement statement) throws SQLException {
    Instant most = Instant.now().plusSeconds(20);
    while (Instant.now().isBefore(most)) {
      try (ResultSet row = statement.executeQuery(BLOCKED)) {
        row.next();
        if (row.getBoolean(1)) {
          return;
        }
      }
      LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
    }
    throw new IllegalStateException("no step waits for the lock");
  }

  @Override
  public void close() {
    try {
      beside.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
