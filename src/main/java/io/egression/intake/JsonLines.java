package io.egression.intake;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads NDJSON line by line, holding no more than is asked for; empty lines count and are passed
 * over. For one thread.
 */
final class JsonLines {
  /** The longest line, in bytes. */
  static final int LONGEST = 1 << 20;

  /**
   * One of them.
   *
   * @param number from 1
   */
  record Line(long number, JsonNode json) {}

  /** The line cannot be read, or is no JSON: it is the last that is looked at. */
  static final class FaultyLineException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient FieldFault fault;

    FaultyLineException(FieldFault fault) {
      super(fault.detail());
      this.fault = fault;
    }

    FieldFault fault() {
      return fault;
    }
  }

  private final InputStream in;
  private long number;
  private @Nullable FaultyLineException later;

  JsonLines(InputStream in) {
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  /**
   * The next lines, at most so many; none: that was all. What comes before a faulty line is
   * returned first.
   *
   * @throws IOException if the input broke off: what is left of its last line is no line
   */
  List<Line> next(int most) throws IOException {
    if (later != null) {
      throw later;
    }
    List<Line> lines = new ArrayList<>();
    try {
      for (byte[] text = line(); text != null; text = line()) {
        if (!isBlank(text)) {
          lines.add(new Line(number, json(text)));
        }
        if (lines.size() == most) {
          break;
        }
      }
    } catch (FaultyLineException e) {
      if (lines.isEmpty()) {
        throw e;
      }
      later = e;
    }
    return lines;
  }

  private static boolean isBlank(byte[] text) {
    for (byte each : text) {
      if (each != ' ' && each != '\t' && each != '\r') {
        return false;
      }
    }
    return true;
  }

  private JsonNode json(byte[] text) {
    try {
      return JsonBody.read(text);
    } catch (ProblemException e) {
      throw fault("is not valid JSON: " + e.problem().detail());
    }
  }

  /** Null: there is none left. */
  private byte @Nullable [] line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    int next = in.read();
    if (next < 0) {
      return null;
    }
    number++;
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (line.size() == LONGEST) {
        throw fault("is longer than " + LONGEST + " bytes");
      }
      line.write(next);
    }
    return line.toByteArray();
  }

  private FaultyLineException fault(String detail) {
    return new FaultyLineException(new FieldFault("/" + number, detail));
  }
}
