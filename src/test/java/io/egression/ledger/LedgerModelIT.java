package io.egression.ledger;

import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Random interleavings of all the ledger's verbs, on several nodes, with and without faults: what
 * must hold holds after every move, and in the end nothing is stranded. {@code
 * -Degression.soak=true} runs many more and longer ones.
 */
class LedgerModelIT {
  /** One thing that happens, to whatever the dice choose. */
  enum Move {
    ACCEPT(11, (play, dice) -> play.producer.accept(dice)),
    REPEAT(2, (play, dice) -> play.producer.repeat(dice)),
    PASS(8, (play, dice) -> play.dispatcher.pass(dice)),
    DELIVER(10, (play, dice) -> play.deliver(dice)),
    GO_ON(14, (play, dice) -> play.goOn(dice)),
    ANSWER(22, (play, dice) -> play.answer(dice)),
    FINISH(2, (play, dice) -> play.worker.finish(dice)),
    ADVANCE(6, (play, dice) -> play.faults.advance(dice)),
    SWEEP(3, (play, dice) -> play.dispatcher.sweep(dice)),
    CANCEL(5, (play, dice) -> play.operator.cancel(dice)),
    REPLAY(5, (play, dice) -> play.operator.replay(dice)),
    BULK_REPLAY(1, (play, dice) -> play.operator.bulkReplay(dice)),
    MOVE_LETTER(2, (play, dice) -> play.operator.moveLetter(dice)),
    DISCARD(1, (play, dice) -> play.operator.discard(dice)),
    PAUSE(1, (play, dice) -> play.operator.pause(dice)),
    RESUME(3, (play, dice) -> play.operator.resume(dice)),
    STOP(1, (play, dice) -> play.faults.stop(dice)),
    START(2, (play, dice) -> play.faults.start(dice)),
    CRASH(2, true, (play, dice) -> play.faults.crash(dice)),
    FREEZE(2, true, (play, dice) -> play.faults.freeze(dice)),
    THAW(2, true, (play, dice) -> play.faults.thaw(dice)),
    PURGE(1, true, (play, dice) -> play.faults.purge(dice)),
    DELAY(2, true, (play, dice) -> play.faults.delay(dice)),
    ARRIVE(1, true, (play, dice) -> play.faults.arrive());

    final int weight;
    final boolean isFault;
    final BiConsumer<Play, Random> does;

    Move(int weight, BiConsumer<Play, Random> does) {
      this(weight, false, does);
    }

    Move(int weight, boolean isFault, BiConsumer<Play, Random> does) {
      this.weight = weight;
      this.isFault = isFault;
      this.does = does;
    }
  }

  /** A move and its dice. */
  record Turn(Move move, int seed) {}

  /** Those who make the moves. */
  static final class Play {
    final LedgerModel model;
    final ModelProducer producer;
    final ModelWorker worker;
    final ModelDispatcher dispatcher;
    final ModelOperator operator;
    final ModelFaults faults;

    Play(LedgerModel model) {
      this.model = model;
      this.producer = new ModelProducer(model);
      this.worker = new ModelWorker(model);
      this.dispatcher = new ModelDispatcher(model);
      this.operator = new ModelOperator(model);
      this.faults = new ModelFaults(model, worker);
    }

    /** Where there is nothing to do, the move before it is made. */
    void deliver(Random dice) {
      if (!worker.deliver(dice)) {
        dispatcher.pass(dice);
      }
    }

    void goOn(Random dice) {
      if (!worker.goOn(dice)) {
        deliver(dice);
      }
    }

    void answer(Random dice) {
      if (!worker.answer(dice)) {
        goOn(dice);
      }
    }

    void play(List<Turn> turns) {
      for (Turn turn : turns) {
        model.time.advance(LedgerModel.INSTANT);
        if (model.faults || !turn.move.isFault) {
          turn.move.does.accept(this, new Random(turn.seed));
        }
      }
      new ModelDrain(model, worker, dispatcher, operator, faults).run(new Random(turns.size()));
    }
  }

  private static ModelTime time;
  private static Gathering gathering;
  private static final Tally TALLY = new Tally();

  @BeforeContainer
  static void open() {
    time = new ModelTime();
    gathering = new Gathering(time);
  }

  @AfterContainer
  static void close() {
    System.out.println("the ledger's model: " + TALLY);
    gathering.close();
    time.close();
  }

  @Property(
      tries = 40,
      generation = GenerationMode.RANDOMIZED,
      edgeCases = EdgeCasesMode.NONE,
      shrinking = ShrinkingMode.OFF)
  void what_must_hold_of_the_ledger_holds_and_nothing_is_stranded(
      @ForAll("moves") List<Turn> moves, @ForAll boolean faults, @ForAll boolean mixing) {
    play(moves, faults, mixing);
  }

  @Property(
      tries = 1500,
      generation = GenerationMode.RANDOMIZED,
      edgeCases = EdgeCasesMode.NONE,
      shrinking = ShrinkingMode.OFF)
  @AddLifecycleHook(OnlyInSoak.class)
  void and_so_it_does_in_long_runs(
      @ForAll("manyMoves") List<Turn> moves, @ForAll boolean faults, @ForAll boolean mixing) {
    play(moves, faults, mixing);
  }

  private static void play(List<Turn> moves, boolean faults, boolean mixing) {
    try (LedgerModel model = new LedgerModel(time, gathering, faults, mixing, TALLY)) {
      new Play(model).play(moves);
    }
  }

  @Provide
  Arbitrary<List<Turn>> moves() {
    return step().list().ofMinSize(40).ofMaxSize(80);
  }

  @Provide
  Arbitrary<List<Turn>> manyMoves() {
    return step().list().ofMinSize(40).ofMaxSize(250);
  }

  private static Arbitrary<Turn> step() {
    return Arbitraries.frequencyOf(
        java.util.Arrays.stream(Move.values())
            .map(move -> Tuple.of(move.weight, dice().map(seed -> new Turn(move, seed))))
            .toList());
  }

  private static Arbitrary<Integer> dice() {
    return Arbitraries.randomValue(Random::nextInt);
  }
}
