package io.egression.bench.peer;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jobrunr.configuration.JobRunr;
import org.jobrunr.jobs.filters.RetryFilter;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.BackgroundJobServer;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.server.JobActivator;
import org.jobrunr.storage.sql.common.SqlStorageProviderFactory;

/** JobRunr, without its dashboard. It keeps no order. */
public final class JobRunrPeer implements Peer {
  /** A job as JobRunr writes it. */
  public record Delivery(int number, String key, int place) implements JobRequest {
    @Override
    public Class<Handler> getJobRequestHandler() {
      return Handler.class;
    }
  }

  /** Makes the call of a job. */
  public static final class Handler implements JobRequestHandler<Delivery> {
    private final SinkClient sink = new SinkClient();
    private final Map<Integer, Integer> attempts = new ConcurrentHashMap<>();

    @Override
    public void run(Delivery job) {
      int attempt = attempts.merge(job.number(), 1, Integer::sum);
      sink.call(new SinkJob(job.number(), job.key(), job.place()), attempt);
      attempts.remove(job.number());
    }
  }

  private final HikariDataSource database = Surroundings.database();
  private final Handler handler = new Handler();
  private final JobRequestScheduler scheduler;
  private final BackgroundJobServer server;

  private JobRunrPeer() {
    scheduler =
        JobRunr.configure()
            .useStorageProvider(SqlStorageProviderFactory.using(database))
            .useJobActivator(activator())
            .withJobFilter(new RetryFilter(10, 1)) // seconds to the power: always 1 s
            .useBackgroundJobServer(
                BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                    .andPollInterval(Duration.ofSeconds(5)) // the least it takes
                    .andWorkerCount(Surroundings.calls()),
                false)
            .initialize()
            .getJobRequestScheduler();
    server = JobRunr.getBackgroundJobServer();
  }

  private JobActivator activator() {
    return new JobActivator() {
      @Override
      public <T> T activateJob(Class<T> type) {
        return type.cast(handler);
      }
    };
  }

  /** Runs until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    new JobRunrPeer().serve();
  }

  @Override
  public void work() {
    server.start();
  }

  @Override
  public void accept(List<SinkJob> jobs) {
    scheduler.enqueue(jobs.stream().map(job -> new Delivery(job.number(), job.key(), job.place())));
  }

  @Override
  public long pending() {
    return Surroundings.number(
        database,
        "SELECT count(*) FROM jobrunr_jobs WHERE state IN ('ENQUEUED', 'PROCESSING', 'SCHEDULED', 'FAILED')");
  }
}
