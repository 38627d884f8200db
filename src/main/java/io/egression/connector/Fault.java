package io.egression.connector;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One fault in a file.
 *
 * @param line from 1
 * @param column from 1
 * @param message what is wrong and what would be right
 */
public record Fault(Path file, int line, int column, String message) {
  /** Of the same place, saying what is wrong there. */
  public Fault saying(String what) {
    return new Fault(file, line, column, message + what);
  }

  @Override
  public String toString() {
    return file + ":" + line + ":" + column + ": " + message;
  }

  /** The files can't be used as they are. Says every fault found. */
  public static final class FaultyFilesException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient List<Fault> faults;

    public FaultyFilesException(List<Fault> faults) {
      super(faults.stream().map(Fault::toString).collect(Collectors.joining("\n")));
      this.faults = List.copyOf(faults);
    }

    public List<Fault> faults() {
      return faults;
    }
  }
}
