package io.egression.cli;

import java.util.concurrent.CountDownLatch;

/** Keeps a hub running until the process is told to stop (Ctrl-C, SIGTERM), then stops it. */
public final class UntilStopped {
  private UntilStopped() {}

  /** Stops the hub when the process ends, however it is told to and however far it has come. */
  public static void stopAtExit(Runnable stop) {
    Runtime.getRuntime().addShutdownHook(new Thread(stop, "egression-stop"));
  }

  /** Waits for ever. */
  public static void await() throws InterruptedException {
    new CountDownLatch(1).await();
  }
}
