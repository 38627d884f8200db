package io.egression.ledger;

import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.support.SqlArrayValue;

/** Columns of values as PostgreSQL arrays, so that one statement takes any number of rows. */
final class SqlArrays {
  private SqlArrays() {}

  static SqlArrayValue uuids(Collection<UUID> values) {
    return new SqlArrayValue("uuid", values.toArray());
  }

  static SqlArrayValue texts(Collection<String> values) {
    return new SqlArrayValue("text", values.toArray());
  }

  static <T> SqlArrayValue column(String type, List<T> rows, Function<T, @Nullable Object> cell) {
    return new SqlArrayValue(type, rows.stream().map(cell).toArray());
  }

  /** A text[] as one cell of a column of texts: PostgreSQL's array literal. */
  static @Nullable String literal(@Nullable List<String> values) {
    if (values == null) {
      return null;
    }
    StringBuilder literal = new StringBuilder("{");
    for (String value : values) {
      literal.append(literal.length() == 1 ? "\"" : ",\"");
      literal.append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    }
    return literal.append('}').toString();
  }
}
