package io.egression.connector;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.util.List;
import java.util.Optional;
import org.springframework.scheduling.support.CronExpression;

/**
 * A recurring job. Its times are those that the clocks of its zone show: one that they skip comes
 * as soon as they go on, and one that they show twice comes the first time; so each comes once.
 *
 * @param hash of what decides when
 * @param runsMissed whether times missed by an outage are made up for, once for all of them
 * @param job as it is handed over, JSON
 */
public record ScheduleDefinition(
    String id, String cron, ZoneId zone, boolean runsMissed, String job, String hash) {

  /**
   * Fields as Unix has them, or with seconds before.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  static CronExpression parse(String cron) {
    boolean withSeconds = cron.strip().split("\\s+").length == 6;
    return CronExpression.parse(withSeconds ? cron : "0 " + cron);
  }

  /** The first time after this moment; empty: there is none any more. */
  public Optional<Instant> next(Instant after) {
    CronExpression expression = parse(cron);
    LocalDateTime local = LocalDateTime.ofInstant(after, zone).minusHours(3); // before any overlap
    for (LocalDateTime next = expression.next(local); next != null; next = expression.next(next)) {
      Instant instant = instant(next);
      if (instant.isAfter(after)) {
        return Optional.of(instant);
      }
    }
    return Optional.empty();
  }

  private Instant instant(LocalDateTime local) {
    List<ZoneOffset> offsets = zone.getRules().getValidOffsets(local);
    if (offsets.isEmpty()) {
      ZoneOffsetTransition gap = zone.getRules().getTransition(local);
      return gap.getInstant();
    }
    return local.toInstant(offsets.get(0));
  }
}
