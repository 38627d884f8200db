package io.egression.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/** A contender, as its own process sees it. */
interface Peer {
  /** Begins to deliver. */
  void work();

  /** Takes jobs, and returns when they are as durable as this contender makes them. */
  void accept(List<SinkJob> jobs);

  /** How many accepted jobs are not done. */
  long pending();

  /** Obeys the lines of standard input until it ends; an answer begins with {@code =}. */
  default void serve() throws IOException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("=ready");
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      System.out.println("=" + obey(order.split(" ")));
    }
    System.exit(0);
  }

  private String obey(String[] order) {
    switch (order[0]) {
      case "work" -> work();
      case "accept" -> accept(jobs(order));
      case "pending" -> {
        return String.valueOf(pending());
      }
      default -> throw new IllegalArgumentException("no order " + order[0]);
    }
    return "ok";
  }

  private static List<SinkJob> jobs(String[] order) {
    int keys = Integer.parseInt(order[1]);
    return IntStream.range(Integer.parseInt(order[2]), Integer.parseInt(order[3]))
        .mapToObj(number -> SinkJob.of(number, keys))
        .toList();
  }
}
