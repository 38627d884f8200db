package io.egression.delivery;

/** The queues and message properties that runs travel by, as the broker's console shows them. */
final class RunQueues {
  static final String PREFIX = "egression.connector.";
  static final String DEAD_LETTER = "egression.dead-letter";
  static final String RUN = "run";
  static final String LANE = "lane";
  static final String ACCOUNT = "account";
  static final String PARTITION = "partition";
  static final String JOBS = "jobs";
  static final String FIRST_JOB = "firstJob";
  static final String ATTEMPT = "attempt";

  private RunQueues() {}

  static String of(String connector) {
    return PREFIX + connector;
  }
}
