package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.connector.FilterDefinition;
import io.egression.filter.FilterFailedException;
import io.egression.filter.Filters;
import io.egression.filter.Judgement;
import io.egression.filter.Subject;
import io.egression.job.Action;
import io.egression.job.Outcome;
import io.egression.ledger.FilterLedger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.camel.ExchangeProperty;

/**
 * Decides, before its call, which objects of the job in hand are delivered; the bean {@code
 * filters} of the filter route. What it decides is in the ledger, with the versions that decided,
 * before anything follows from it. Thread safe.
 */
public final class FilterStep {
  private static final int MOST_TOLD = 5;

  private final Filters filters;
  private final FilterLedger ledger;
  private final ObjectMapper json = new ObjectMapper();

  public FilterStep(Filters filters, FilterLedger ledger) {
    this.filters = filters;
    this.ledger = ledger;
  }

  /**
   * What a filter said of the objects.
   *
   * @param out why those that do not match do not, by id
   */
  public record Said(String filter, int version, String hash, Map<String, String> out) {
    private String reason(String id) {
      return "filter %s version %d: %s".formatted(filter, version, out.get(id));
    }
  }

  /**
   * What all of them come to.
   *
   * @param word deliver, delete, filtered or failed
   * @param text why, unless all is delivered
   */
  public record Verdict(String word, String text, List<Said> said) {
    private Set<String> out() {
      return said.stream().flatMap(each -> each.out.keySet().stream()).collect(Collectors.toSet());
    }
  }

  /**
   * Leaves the objects out that a filter does not let through. If none is left, the job is
   * filtered, or it becomes a delete of what the channel has, if the account wants that.
   *
   * @throws UndeliverableException if the job is filtered, or a filter fails on an object: then it
   *     is dead
   */
  public void decide(@ExchangeProperty(Work.PROPERTY) Work work) {
    Verdict verdict = judge(work, work.account.filtering().filters());
    record(work, verdict);
    switch (verdict.word) {
      case "failed" -> throw new UndeliverableException(new Outcome.Rejected(verdict.text, null));
      case "filtered" -> throw new UndeliverableException(new Outcome.Filtered(verdict.text));
      case "delete" -> work.turnIntoDelete();
      default -> work.objects.removeIf(object -> verdict.out().contains(object.id()));
    }
  }

  /** Judges; nothing follows from it. */
  Verdict judge(Work work, List<FilterDefinition> by) {
    List<Said> said = new ArrayList<>();
    try {
      by.forEach(filter -> said.add(ask(filter, work)));
    } catch (FilterFailedException e) {
      return new Verdict("failed", String.valueOf(e.getMessage()), said);
    }
    Map<String, String> out = new LinkedHashMap<>();
    said.forEach(each -> each.out.keySet().forEach(id -> out.putIfAbsent(id, each.reason(id))));
    String word =
        out.size() < work.objects.size() || work.objects.isEmpty()
            ? "deliver"
            : isToBeDeleted(work) ? "delete" : "filtered";
    return new Verdict(word, text(out), said);
  }

  private Said ask(FilterDefinition filter, Work work) {
    Map<String, String> out = new LinkedHashMap<>();
    for (Delivery.ObjectBody object : work.objects) {
      Judgement judgement = filters.judge(filter, subject(work, object));
      if (!judgement.matches()) {
        out.put(object.id(), judgement.reason());
      }
    }
    return new Said(filter.id(), filter.version(), filter.hash(), out);
  }

  private static Subject subject(Work work, Delivery.ObjectBody object) {
    return new Subject(
        work.run.account(),
        work.job.source(),
        work.job.action(),
        work.job.objectType(),
        object.id(),
        object.body());
  }

  private boolean isToBeDeleted(Work work) {
    return work.account.filtering().deleteUnmatched()
        && work.job.action() != Action.DELETE
        && work.objects.stream()
            .anyMatch(
                object -> ledger.isThere(work.run.account(), work.job.objectType(), object.id()));
  }

  private static String text(Map<String, String> out) {
    return out.size() == 1
        ? out.values().iterator().next()
        : out.entrySet().stream()
            .limit(MOST_TOLD)
            .map(each -> each.getKey() + ": " + each.getValue())
            .collect(Collectors.joining("; "));
  }

  private void record(Work work, Verdict verdict) {
    try {
      String said = json.writeValueAsString(verdict.said);
      ledger.decided(new FilterLedger.Decision(work.job.id(), null, verdict.word, said));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
