package io.egression.bench.stage;

/** One that delivers jobs, in a process of its own, over a database of its own. */
public interface Contender extends AutoCloseable {
  /** Begins to deliver; accepts jobs also before. */
  void work();

  /**
   * Hands in jobs of a load in one request, and returns when they are accepted.
   *
   * @param from the first job's number
   * @param to one more than the last one's
   */
  void accept(Load load, int from, int to);

  /** How many accepted jobs are not done; 0: all are, as durably as the contender notes it. */
  long pending();

  /** Its process. */
  Memory memory();

  @Override
  void close();
}
