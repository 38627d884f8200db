package io.egression.job;

import java.util.Optional;

/** An object by its type and id; as text {@code type/id}, where the id may have slashes. */
public record ObjectRef(String type, String id) {
  /** Empty if it is none. */
  public static Optional<ObjectRef> of(String text) {
    int slash = text.indexOf('/');
    return slash <= 0 || slash == text.length() - 1
        ? Optional.empty()
        : Optional.of(new ObjectRef(text.substring(0, slash), text.substring(slash + 1)));
  }

  @Override
  public String toString() {
    return type + "/" + id;
  }
}
