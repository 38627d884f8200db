package io.egression.ledger;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A claimed run as a worker holds it: the model of {@code delivery.RunInHand}. */
final class ModelHand {
  final ModelNode node;
  final Run run;
  final ModelBroker.Message message;
  final Map<UUID, String> cancelAsked = new HashMap<>();

  /** Jobs that have their final answer, recorded or not. */
  final Set<UUID> answered = new HashSet<>();

  private int next;
  boolean ended;
  boolean stop;
  boolean look;

  /** Whose call is under way. */
  Run.@Nullable Item calling;

  ModelHand(ModelNode node, Run run, ModelBroker.Message message) {
    this.node = node;
    this.run = run;
    this.message = message;
  }

  Run.Item take() {
    return run.jobs().get(next++);
  }

  Run.@Nullable Item peek() {
    return next < run.jobs().size() ? run.jobs().get(next) : null;
  }

  boolean mustLook() {
    boolean now = look;
    look = false;
    return now;
  }
}
