package io.egression;

import java.nio.file.Path;

/** A broker in a process of its own: arguments are its data directory and its port. */
public final class BrokerProcess {
  private BrokerProcess() {}

  public static void main(String[] arguments) throws InterruptedException {
    TestBroker broker = new TestBroker(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    System.out.println("broker at " + broker.url());
    Thread.currentThread().join();
  }
}
