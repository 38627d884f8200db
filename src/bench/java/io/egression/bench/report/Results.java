package io.egression.bench.report;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/** All measurements of a run, in their order; also told to the terminal as they come. */
public final class Results {
  /** One measurement. */
  public record Measurement(Case of, Map<String, Number> figures) {}

  private final List<String> failures = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();
  private final List<Measurement> measurements = new ArrayList<>();
  private final Map<Case, Samples> samples = new LinkedHashMap<>();
  private final PrintStream terminal;

  public Results(PrintStream terminal) {
    this.terminal = terminal;
  }

  /** Measures, and notes a failure as one: the others go on. */
  public void measure(Case of, Supplier<Map<String, Number>> measurement) {
    try {
      add(of, measurement.get());
    } catch (RuntimeException e) { // whatever a contender or its process may throw
      failures.add(of + ": " + e);
      terminal.println("FAILED " + of);
      e.printStackTrace(terminal);
    }
  }

  /** Notes what can't be measured here, which is no failure. */
  public void skip(Case of, String why) {
    skipped.add(of + ": " + why);
    terminal.println("skipped " + of + ": " + why);
  }

  /** What was skipped, and why. */
  public List<String> skipped() {
    return List.copyOf(skipped);
  }

  /** What failed, if anything. */
  public List<String> failures() {
    return List.copyOf(failures);
  }

  private void add(Case of, Map<String, Number> figures) {
    measurements.add(new Measurement(of, figures));
    StringBuilder line = new StringBuilder(of.part()).append(' ').append(of.contender());
    of.circumstances()
        .forEach((name, value) -> line.append(", ").append(name).append(' ').append(value));
    line.append(':');
    figures.forEach(
        (name, value) -> line.append(' ').append(name).append(' ').append(Figures.text(value)));
    terminal.println(line);
  }

  /** Adds single values of a case, for a plot. */
  public void addSamples(Case of, Samples values) {
    samples.computeIfAbsent(of, key -> new Samples()).addAll(values);
  }

  /** The single values of a part's cases. */
  public Map<Case, Samples> samples(String part) {
    Map<Case, Samples> found = new LinkedHashMap<>(samples);
    found.keySet().removeIf(of -> !of.part().equals(part));
    return found;
  }

  /** Every measurement. */
  public List<Measurement> all() {
    return List.copyOf(measurements);
  }

  /** The cases of a part with the median of each of their figures. */
  public Map<Case, Map<String, Double>> medians(String part) {
    Map<Case, List<Measurement>> cases = new LinkedHashMap<>();
    for (Measurement each : measurements) {
      if (each.of().part().equals(part)) {
        cases.computeIfAbsent(each.of(), key -> new ArrayList<>()).add(each);
      }
    }
    Map<Case, Map<String, Double>> medians = new LinkedHashMap<>();
    cases.forEach((key, several) -> medians.put(key, Figures.medians(several)));
    return medians;
  }

  /** The median of a figure, if the case was measured. */
  public OptionalDouble median(Case of, String figure) {
    Double value = medians(of.part()).getOrDefault(of, Map.of()).get(figure);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
