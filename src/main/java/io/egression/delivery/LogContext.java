package io.egression.delivery;

import org.slf4j.MDC;

/** Which job a thread works on, for its log lines. */
final class LogContext {
  private LogContext() {}

  static void set(Work work) {
    MDC.put("job", work.job.id().toString());
    MDC.put("key", work.run.partitionKey());
    MDC.put("account", work.run.account().toString());
    MDC.put("trace", Messages.trace(work.job));
  }

  static void clear() {
    MDC.remove("job");
    MDC.remove("key");
    MDC.remove("account");
    MDC.remove("trace");
  }
}
