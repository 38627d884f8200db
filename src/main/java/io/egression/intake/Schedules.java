package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.connector.Catalogue;
import io.egression.connector.ScheduleDefinition;
import io.egression.intake.Problem.ProblemException;
import io.egression.ledger.LedgerAwayException;
import io.egression.ledger.ScheduleLedger;
import io.egression.ledger.ScheduleLedger.Entry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands over recurring jobs when they are due: each time once, whichever nodes run, under an
 * idempotency key of schedule and time. Thread safe.
 */
public final class Schedules implements AutoCloseable {
  /** A schedule as it stands. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      String schedule,
      String cron,
      String zone,
      Instant next,
      @Nullable Instant last,
      @Nullable String lastError) {}

  private static final Logger LOG = LoggerFactory.getLogger(Schedules.class);
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** Later than this it was missed, not late. */
  private static final Duration LATE = Duration.ofMinutes(1);

  private static final Instant NEVER = Instant.parse("9000-01-01T00:00:00Z");

  private static final Caller HUB = new Caller("schedule", Caller.Role.ADMIN, null);

  private final ScheduleLedger ledger;
  private final JobIntake intake;
  private final Supplier<Catalogue> catalogue;
  private final Clock clock;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-schedules");
            thread.setDaemon(true);
            return thread;
          });

  public Schedules(
      ScheduleLedger ledger, JobIntake intake, Supplier<Catalogue> catalogue, Clock clock) {
    this.ledger = ledger;
    this.intake = intake;
    this.catalogue = catalogue;
    this.clock = clock;
  }

  /** Looks every second from now on. */
  public void start() {
    timer.scheduleWithFixedDelay(
        this::tryToLook, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void tryToLook() {
    try {
      look();
    } catch (LedgerAwayException e) {
      LOG.debug("schedules wait: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("schedules could not be looked at", e);
    }
  }

  /** Plans what is new, and hands over what is due. */
  void look() {
    Map<String, ScheduleDefinition> schedules = catalogue.get().schedules();
    if (schedules.isEmpty()) {
      return;
    }
    Instant now = clock.instant();
    schedules
        .values()
        .forEach(each -> ledger.plan(each.id(), each.hash(), each.next(now).orElse(NEVER)));
    for (Entry entry : ledger.due()) {
      ScheduleDefinition schedule = schedules.get(entry.schedule());
      if (schedule != null) {
        run(schedule, entry, now);
      }
    }
  }

  private void run(ScheduleDefinition schedule, Entry entry, Instant now) {
    Instant next = schedule.next(now).orElse(NEVER);
    boolean missed = entry.nextAt().plus(LATE).isBefore(now);
    if (missed && !schedule.runsMissed()) {
      LOG.warn("schedule {}: {} was missed and is skipped", schedule.id(), entry.nextAt());
      ledger.move(entry, next, null, "missed and skipped: " + entry.nextAt());
      return;
    }
    String error = null;
    try {
      intake.accept(
          schedule.job().getBytes(StandardCharsets.UTF_8),
          "schedule/" + schedule.id() + "/" + entry.nextAt(),
          null,
          HUB);
    } catch (ProblemException e) {
      if (e.problem().status() == 503) {
        return; // the ledger is away: again in a second, under the same key
      }
      error = e.problem().toString();
      LOG.error("schedule {}: its job was refused: {}", schedule.id(), error);
    }
    ledger.move(entry, next, entry.nextAt(), error);
  }

  /** Those that hand over jobs for a subscription that the caller may see. */
  public Map<String, List<View>> list(Caller caller) {
    Map<String, ScheduleDefinition> schedules = catalogue.get().schedules();
    return Map.of(
        "schedules",
        ledger.all().stream()
            .filter(entry -> schedules.containsKey(entry.schedule()))
            .filter(entry -> caller.maySee(subscription(schedules.get(entry.schedule()))))
            .map(entry -> view(schedules.get(entry.schedule()), entry))
            .toList());
  }

  private static String subscription(ScheduleDefinition schedule) {
    return JsonBody.read(schedule.job().getBytes(StandardCharsets.UTF_8))
        .path("subscription")
        .asText();
  }

  private static View view(ScheduleDefinition schedule, Entry entry) {
    return new View(
        schedule.id(),
        schedule.cron(),
        schedule.zone().getId(),
        entry.nextAt(),
        entry.lastAt(),
        entry.lastError());
  }

  @Override
  public void close() {
    timer.shutdown();
    try {
      timer.awaitTermination(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
