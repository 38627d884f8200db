package io.egression.bench.stage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;

/** A part of the sink's log: who was called when. */
public record SinkLog(Path file, long offset) {
  /**
   * A call.
   *
   * @param millis when it was answered, since the epoch
   */
  public record Call(double millis, String path, String key, int place, int attempt, int status) {
    static Call of(String line) {
      String[] words = line.split(" ");
      return new Call(
          Double.parseDouble(words[0]) * 1000,
          words[1].substring(1),
          words[2],
          Integer.parseInt(words[3]),
          Integer.parseInt(words[4]),
          Integer.parseInt(words[5]));
    }

    /** Whether the sink took it. */
    public boolean taken() {
      return status < 300;
    }
  }

  /** Every call, in order. */
  public void forEach(Consumer<Call> call) {
    try (InputStream bytes = Files.newInputStream(file)) {
      bytes.skipNBytes(offset);
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(bytes, StandardCharsets.US_ASCII));
      lines.lines().map(Call::of).forEach(call);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** When each call of a path was answered, in milliseconds since the epoch. */
  public double[] millis(String path) {
    DoubleStream.Builder times = DoubleStream.builder();
    forEach(
        call -> {
          if (call.path().equals(path)) {
            times.add(call.millis());
          }
        });
    return times.build().sorted().toArray();
  }

  /** The calls of a load, counted. */
  public Tally tally(Load load) {
    return tally(load, 0);
  }

  /** The calls of a load without its first jobs, counted. */
  public Tally tally(Load load, int first) {
    Tally tally = new Tally(key -> load.placesBelow(key, first));
    String path = String.valueOf(load.failing());
    forEach(
        call -> {
          if (call.path().equals(path)) {
            tally.add(call);
          }
        });
    return tally;
  }
}
