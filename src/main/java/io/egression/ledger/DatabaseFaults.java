package io.egression.ledger;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.TransactionSystemException;

/** Tells a passing fault of the database from one that repeating would not cure. */
final class DatabaseFaults {
  /**
   * SQLSTATE classes that pass (PostgreSQL manual, appendix A): 08 connection, 25006 read-only (a
   * standby), 25P03 idle in a transaction for too long, 40 rollback (deadlock, serialization), 53
   * resources, 55P03 lock not available, 57 operator intervention (shutdown, starting up), 58
   * system error.
   */
  private static final Set<String> PASSING_CLASSES = Set.of("08", "40", "53", "57", "58");

  private static final Set<String> PASSING_STATES = Set.of("25006", "25P03", "55P03");

  private DatabaseFaults() {}

  static boolean passes(Throwable fault) {
    if (fault instanceof TransactionSystemException) {
      return true; // not even the rollback came through: its fault hides the first one
    }
    for (Throwable cause = fault; cause != null; cause = next(cause)) {
      if (cause instanceof SQLTransientConnectionException) {
        return true;
      }
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        return PASSING_STATES.contains(state)
            || (state.length() == 5 && PASSING_CLASSES.contains(state.substring(0, 2)));
      }
    }
    return false;
  }

  private static @Nullable Throwable next(Throwable cause) {
    return cause.getCause() == cause ? null : cause.getCause();
  }
}
