package io.egression.ledger;

import io.egression.ledger.DeadLetters.Letter;
import io.egression.ledger.Dispatch.Publication;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** The broker as the ledger sees it at its worst: a bag that keeps no order. */
final class ModelBroker {
  /** The message of a run. */
  record Message(long lane, UUID run, String connector) {}

  /** Seen by whoever browses the queue. */
  final List<Message> queued = new ArrayList<>();

  /** On its way, seen by nobody. */
  final List<Message> late = new ArrayList<>();

  final List<Letter> letters = new ArrayList<>();

  void send(List<Publication> runs) {
    runs.forEach(run -> queued.add(new Message(run.lane(), run.run(), run.connector())));
  }

  Set<UUID> browse() {
    return queued.stream().map(Message::run).collect(Collectors.toSet());
  }

  /** The jobs' letters are taken back. */
  void removeLetters(List<UUID> jobs) {
    letters.removeIf(letter -> jobs.contains(letter.job()));
  }

  boolean hasLetter(UUID job, int death) {
    return letters.stream().anyMatch(each -> each.job().equals(job) && each.death() == death);
  }
}
