package io.egression.intake;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.FilterDefinition;
import io.egression.connector.Suggestion;
import io.egression.delivery.DryRun;
import io.egression.delivery.FilterStep;
import io.egression.intake.Problem.FieldFault;
import io.egression.intake.Problem.ProblemException;
import io.egression.job.AccountKey;
import io.egression.job.Action;
import io.egression.ledger.FilterLedger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Filters, and what they would say. A caller sees only its own subscriptions. Thread safe. */
public final class FilterApi {
  /**
   * A filter that is or was in force.
   *
   * @param version that is in force; absent: none is any more
   * @param accounts that use it, of the caller's
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record FilterView(
      String filter,
      @Nullable Integer version,
      @Nullable String description,
      List<String> accounts,
      List<FilterLedger.Version> versions) {}

  /** Every filter. */
  public record FiltersView(List<FilterView> filters) {}

  /**
   * What would become of an object at an account.
   *
   * @param verdict deliver, delete, filtered, failed, or unknown: it can't be fetched
   * @param text why, unless it is delivered
   */
  public record Verdict(
      String subscription,
      String channel,
      String verdict,
      String text,
      List<FilterStep.Said> filters) {}

  /** The verdict of each account. */
  public record DryRunView(
      String objectType, String objectId, String action, List<Verdict> channels) {}

  /** As it came. */
  public record Asked(
      String objectType, String objectId, @Nullable String action, @Nullable String filter) {}

  private final Supplier<Catalogue> catalogue;
  private final FilterLedger ledger;
  private final DryRun dryRun;

  public FilterApi(Supplier<Catalogue> catalogue, FilterLedger ledger, DryRun dryRun) {
    this.catalogue = catalogue;
    this.ledger = ledger;
    this.dryRun = dryRun;
  }

  /** All filters, with every version that was ever in force. */
  public FiltersView filters(Caller caller) {
    Catalogue now = catalogue.get();
    List<FilterLedger.Version> versions = ledger.versions();
    return new FiltersView(
        versions.stream()
            .map(FilterLedger.Version::filter)
            .distinct()
            .map(id -> view(id, now, versions, caller))
            .toList());
  }

  private static FilterView view(
      String id, Catalogue now, List<FilterLedger.Version> versions, Caller caller) {
    FilterDefinition inForce = now.filters().get(id);
    return new FilterView(
        id,
        inForce == null ? null : inForce.version(),
        inForce == null ? null : inForce.description(),
        accounts(now, caller).stream()
            .filter(account -> uses(account, id))
            .map(account -> account.key().toString())
            .toList(),
        versions.stream().filter(version -> version.filter().equals(id)).toList());
  }

  private static boolean uses(Account account, @Nullable String filter) {
    return account.filtering().filters().stream().anyMatch(each -> each.id().equals(filter));
  }

  private static List<Account> accounts(Catalogue now, Caller caller) {
    return now.accounts().values().stream()
        .filter(account -> caller.maySee(account.key().subscription()))
        .sorted(Comparator.comparing(account -> account.key().toString()))
        .toList();
  }

  /**
   * What would be delivered to whom, and why not. With a filter named, that alone judges, for the
   * accounts that use it, or if none does, for all.
   *
   * @throws ProblemException 400 naming each parameter that is not right
   */
  public DryRunView dryRun(Asked asked, Caller caller) {
    Catalogue now = catalogue.get();
    List<FieldFault> faults = new ArrayList<>();
    String word = asked.action == null ? "update" : asked.action;
    Action action = Action.of(word).orElse(Action.UPDATE);
    if (!action.word().equals(word)) {
      faults.add(FieldFault.ofParameter("action", "must be create, update or delete"));
    }
    FilterDefinition filter = asked.filter == null ? null : now.filters().get(asked.filter);
    if (asked.filter != null && filter == null) {
      String known = Suggestion.forWord(asked.filter, now.filters().keySet());
      faults.add(FieldFault.ofParameter("filter", "there is no such filter; " + known));
    }
    JobApi.requireNone(faults);
    DryRun.Question question = new DryRun.Question(action, asked.objectType, asked.objectId);
    List<Account> accounts = accounts(now, caller);
    List<Account> using = accounts.stream().filter(each -> uses(each, asked.filter)).toList();
    return new DryRunView(
        asked.objectType,
        asked.objectId,
        word,
        (using.isEmpty() ? accounts : using)
            .stream().map(account -> verdict(account, question, filter)).toList());
  }

  private Verdict verdict(
      Account account, DryRun.Question question, @Nullable FilterDefinition filter) {
    FilterStep.Verdict verdict =
        dryRun.judge(
            account, question, filter == null ? account.filtering().filters() : List.of(filter));
    AccountKey key = account.key();
    return new Verdict(
        key.subscription(), key.channel(), verdict.word(), verdict.text(), verdict.said());
  }
}
