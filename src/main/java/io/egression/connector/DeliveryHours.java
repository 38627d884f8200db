package io.egression.connector;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * When an account's jobs are delivered: while the clocks of its zone show such a time. So an hour
 * that the clocks skip is not missed (it is open as soon as they show a later time in it), and one
 * that they show twice counts both times.
 *
 * @param days on which a span may begin
 */
public record DeliveryHours(ZoneId zone, List<Span> spans, Set<DayOfWeek> days) {
  /**
   * From one time of day to another, excluding it; to an earlier or the same one: past midnight.
   */
  public record Span(LocalTime from, LocalTime to) {
    private boolean isWithinDay() {
      return from.isBefore(to);
    }
  }

  /** A time in which calls start. */
  public record Interval(Instant from, Instant to) {}

  /** Whoever is closed for longer never opens. */
  private static final int FARTHEST_DAYS = 400;

  public DeliveryHours {
    spans = List.copyOf(spans);
    days = Set.copyOf(days);
  }

  /** Whether calls may start at this moment. */
  public boolean isOpen(Instant moment) {
    LocalDateTime local = LocalDateTime.ofInstant(moment, zone);
    return spans.stream().anyMatch(span -> contains(span, local));
  }

  private boolean contains(Span span, LocalDateTime local) {
    LocalTime time = local.toLocalTime();
    boolean today = days.contains(local.getDayOfWeek()) && !time.isBefore(span.from);
    if (span.isWithinDay()) {
      return today && time.isBefore(span.to);
    }
    return today || (days.contains(local.getDayOfWeek().minus(1)) && time.isBefore(span.to));
  }

  /**
   * The interval that this moment is in, or else the next one.
   *
   * @throws IllegalStateException if there is none within 400 days
   */
  public Interval at(Instant moment) {
    Instant from = isOpen(moment) ? moment : next(moment, true);
    return new Interval(from, next(from, false));
  }

  /** The first change after the moment. */
  private Instant next(Instant moment, boolean toOpen) {
    LocalDate first = LocalDate.ofInstant(moment, zone).minusDays(1);
    for (int day = 0; day < FARTHEST_DAYS; day++) {
      for (Instant change : changes(first.plusDays(day))) {
        if (change.isAfter(moment) && isOpen(change) == toOpen) {
          return change;
        }
      }
    }
    throw new IllegalStateException(
        toOpen ? "it is never open" : "it is never closed: leave it out");
  }

  /** When it may open or close on a day. */
  private NavigableSet<Instant> changes(LocalDate day) {
    NavigableSet<Instant> changes = new TreeSet<>();
    for (Span span : spans) {
      changes.addAll(instants(day.atTime(span.from)));
      changes.addAll(instants(day.atTime(span.to)));
    }
    changes.add(day.atStartOfDay(zone).toInstant()); // a span to midnight, a change of days
    ZoneOffsetTransition change =
        zone.getRules().nextTransition(day.atStartOfDay(zone).toInstant().minusNanos(1));
    if (change != null && LocalDate.ofInstant(change.getInstant(), zone).equals(day)) {
      changes.add(change.getInstant());
    }
    return changes;
  }

  /** None in a gap, two in an overlap. */
  private List<Instant> instants(LocalDateTime local) {
    List<ZoneOffset> offsets = zone.getRules().getValidOffsets(local);
    return offsets.stream()
        .map(offset -> ZonedDateTime.ofLocal(local, zone, offset).toInstant())
        .toList();
  }

  /** As a person says it. */
  @Override
  public String toString() {
    String times =
        String.join(", ", spans.stream().map(span -> span.from + "-" + span.to).toList());
    String on =
        days.size() == 7
            ? ""
            : " on "
                + String.join(
                    ", ",
                    days.stream()
                        .sorted()
                        .map(day -> day.name().toLowerCase(java.util.Locale.ROOT))
                        .toList());
    return times + on + " " + zone;
  }
}
