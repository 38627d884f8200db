package io.egression.ledger;

import io.egression.job.Action;
import io.egression.job.Job;
import io.egression.job.JobState;
import io.egression.job.Submission;
import io.egression.ledger.Acceptance.Receipt;
import io.egression.ledger.Acceptance.Request;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Hands jobs over, also twice with the same key. */
final class ModelProducer {
  private static final List<String> TYPES = List.of("product", "offer");
  private static final List<String> IDS = List.of("1", "2", "3");
  private static final List<String> KEYS = List.of("red", "blue");
  private static final List<Duration> LATER =
      List.of(Duration.ofMillis(40), Duration.ofSeconds(3), Duration.ofMinutes(2));

  private final LedgerModel model;
  private final List<Submission> keyed = new ArrayList<>();
  private final Map<String, List<Receipt>> firstAnswers = new HashMap<>();

  ModelProducer(LedgerModel model) {
    this.model = model;
  }

  void accept(Random dice) {
    List<Submission> submissions =
        Stream.generate(() -> submission(dice)).limit(1 + dice.nextInt(3)).toList();
    ModelNode node = model.anyAwake(dice);
    if (!node.hasAll()) {
      submissions = submissions.stream().filter(each -> each.subscription().equals("s")).toList();
    }
    submit(node, submissions);
  }

  private void submit(ModelNode node, List<Submission> submissions) {
    List<Request> requests = submissions.stream().map(ModelProducer::request).toList();
    List<List<Receipt>> receipts = node.acceptance.accept(requests);
    for (int i = 0; i < requests.size(); i++) {
      took(requests.get(i), receipts.get(i));
    }
    model.check();
    receipts.stream().flatMap(List::stream).forEach(this::checkReceipt);
  }

  private void took(Request request, List<Receipt> receipts) {
    String key = request.submission().idempotencyKey();
    List<Receipt> first = key == null ? null : firstAnswers.putIfAbsent(key, receipts);
    if (first != null) {
      model.tally.count("repeated submission");
      model.require(first.equals(receipts), "%s: another answer than the first", key);
      return;
    }
    if (key != null) {
      keyed.add(request.submission());
    }
    for (Job job : request.jobs()) {
      model.tally.count("accepted");
      model.known.put(job.id(), new Known(model.nextTurn(), job.objectIds()));
      model.tell(
          "accept %s for %s/%s: %s %s not before %s",
          job.id(),
          job.account(),
          job.partitionKey(),
          job.objectType(),
          job.objectIds(),
          job.notBefore());
    }
    model.require(
        receipts.stream().map(Receipt::id).toList().equals(ids(request.jobs())), "receipts");
  }

  private static List<?> ids(List<Job> jobs) {
    return jobs.stream().map(Job::id).toList();
  }

  /** Of the first answer, the state may have changed since. */
  private void checkReceipt(Receipt receipt) {
    Picture.Job job = model.picture().job(receipt.id());
    model.require(
        job.attempts() > 0
            || job.state() != JobState.WAITING
            || !receipt.state().equals(JobState.DELIVERED.word()),
        "receipt of %s",
        receipt.id());
  }

  /** The same key again: with the same content, or with another. */
  void repeat(Random dice) {
    if (keyed.isEmpty()) {
      accept(dice);
      return;
    }
    Submission before = LedgerModel.any(keyed, dice);
    Optional<ModelNode> whole = model.awake().filter(ModelNode::hasAll).findFirst();
    if (whole.isEmpty()) {
      return;
    }
    ModelNode node = whole.get();
    if (dice.nextBoolean()) {
      submit(node, List.of(submission(dice), before, before));
    } else {
      conflict(node, List.of(submission(dice), changed(before)));
    }
  }

  private void conflict(ModelNode node, List<Submission> submissions) {
    model.tally.count("conflict");
    try {
      node.acceptance.accept(submissions.stream().map(ModelProducer::request).toList());
    } catch (Acceptance.ConflictException e) {
      model.tell("conflict");
      model.require(e.index() == 1, "the conflict is about %d", e.index());
      model.check();
      return;
    }
    model.require(false, "the same key with another content was accepted");
  }

  private static Request request(Submission submission) {
    byte[] content = submission.toString().getBytes(StandardCharsets.UTF_8);
    return new Request(submission, content, ModelAccount.fanOut(submission));
  }

  private Submission submission(Random dice) {
    ModelAccount account = LedgerModel.any(List.of(ModelAccount.values()), dice);
    boolean all = dice.nextInt(8) == 0;
    return new Submission(
        account.key.subscription(),
        "source",
        all ? null : account.key.channel(),
        Action.UPDATE,
        LedgerModel.any(TYPES, dice),
        objects(dice),
        notBefore(dice),
        model.mixing && dice.nextInt(3) == 0 ? LedgerModel.any(KEYS, dice) : null,
        dice.nextInt(4) == 0 ? "key-" + dice.nextInt(1_000_000) : null,
        dice.nextInt(3) + 3);
  }

  private static List<String> objects(Random dice) {
    Set<String> ids = new TreeSet<>();
    ids.add(LedgerModel.any(IDS, dice));
    while (dice.nextInt(4) == 0) {
      ids.add(LedgerModel.any(IDS, dice));
    }
    return List.copyOf(ids);
  }

  private @Nullable Instant notBefore(Random dice) {
    return dice.nextInt(5) == 0 ? model.time.instant().plus(LedgerModel.any(LATER, dice)) : null;
  }

  private static Submission changed(Submission s) {
    return new Submission(
        s.subscription(),
        s.source(),
        s.channel(),
        Action.DELETE,
        s.objectType(),
        s.objectIds(),
        s.notBefore(),
        s.partitionKey(),
        s.idempotencyKey(),
        s.priority());
  }
}
