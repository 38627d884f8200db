package io.egression.bench.peer;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.FailureHandler;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * db-scheduler, polling with lock and fetch, which its documentation names for high throughput. It
 * keeps no order.
 */
public final class DbSchedulerPeer implements Peer {
  private final HikariDataSource database = Surroundings.database();
  private final SinkClient sink = new SinkClient();
  private final OneTimeTask<SinkJob> deliver =
      Tasks.oneTime("deliver", SinkJob.class)
          .onFailure(new FailureHandler.OnFailureRetryLater<>(Surroundings.retry()))
          .execute(
              (task, context) ->
                  sink.call(task.getData(), context.getExecution().consecutiveFailures + 1));
  private final Scheduler scheduler =
      Scheduler.create(database, deliver)
          .threads(Surroundings.calls())
          .pollingInterval(Duration.ofMillis(100))
          .pollUsingLockAndFetch(4.0, 20.0)
          .build();

  private DbSchedulerPeer() throws IOException {
    try (InputStream ddl = getClass().getResourceAsStream("/bench/db-scheduler.sql")) {
      Surroundings.execute(database, new String(ddl.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  /** Runs until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    new DbSchedulerPeer().serve();
  }

  @Override
  public void work() {
    scheduler.start();
  }

  @Override
  public void accept(List<SinkJob> jobs) {
    List<TaskInstance<?>> tasks = new ArrayList<>(jobs.size());
    for (SinkJob job : jobs) {
      tasks.add(deliver.instance(job.id(), job));
    }
    scheduler.scheduleBatch(tasks, Instant.now());
  }

  @Override
  public long pending() {
    return Surroundings.number(database, "SELECT count(*) FROM scheduled_tasks");
  }
}
