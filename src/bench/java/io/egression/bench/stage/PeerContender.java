package io.egression.bench.stage;

import java.util.regex.Pattern;

/** A peer: a program of the suite that takes orders on its standard input, a line each. */
final class PeerContender implements Contender {
  private static final Pattern ANSWER = Pattern.compile("^=(.*)$");

  private final Program program;
  private final Databases.Database database;

  /** Waits until the program says that it is ready. */
  PeerContender(Program program, Databases.Database database) {
    this.program = program;
    this.database = database;
    program.await(ANSWER, 120);
  }

  private String ask(String order) {
    program.tell(order);
    return program.await(ANSWER, 300);
  }

  @Override
  public void work() {
    ask("work");
  }

  @Override
  public void accept(Load load, int from, int to) {
    ask("accept " + load.keys() + " " + from + " " + to);
  }

  @Override
  public long pending() {
    return Long.parseLong(ask("pending"));
  }

  @Override
  public Memory memory() {
    return new Memory(program.pid());
  }

  @Override
  public void close() {
    program.close();
    database.close();
  }
}
