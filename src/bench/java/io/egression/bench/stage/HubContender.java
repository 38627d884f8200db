package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Egression: one hub or several on one database, handed jobs over HTTP. */
public final class HubContender implements Contender {
  private static final String OPEN = "SELECT coalesce(sum(open + unplaced), 0) FROM lane";
  private static final String STARTS =
      "SELECT extract(epoch FROM started_at) * 1000"
          + " FROM attempt JOIN job USING (job_id) JOIN account USING (account_id)";

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Databases.Database database;
  private final List<HubProcess> hubs;
  private final List<AutoCloseable> more;
  private final String key;
  private int requests;

  /**
   * A contender of hubs that run.
   *
   * @param more what ends with it, after the hubs
   */
  HubContender(Databases.Database database, List<HubProcess> hubs, List<AutoCloseable> more) {
    this.database = database;
    this.hubs = new ArrayList<>(hubs);
    this.more = more;
    this.key = hubs.get(0).key();
  }

  /** Keeps the jobs of a channel waiting until {@link #work()}. */
  public void pause() {
    pause("shop");
  }

  @Override
  public void work() {
    work("shop");
  }

  /** Keeps the jobs of a channel waiting until {@link #work(String)}. */
  public void pause(String channel) {
    post(hubs.get(0), "/v1/accounts/acme/" + channel + "/pause", "", 200);
  }

  /** Begins to deliver a channel's jobs. */
  public void work(String channel) {
    post(hubs.get(0), "/v1/accounts/acme/" + channel + "/resume", "", 200);
  }

  /** Ends the first hub and starts it again. */
  public void restart() {
    hubs.set(0, hubs.get(0).restarted());
  }

  /** Starts one more. */
  public void join() {
    hubs.add(hubs.get(0).another(hubs.size()));
  }

  @Override
  public void accept(Load load, int from, int to) {
    accept("shop", load, from, to);
  }

  /** As {@link #accept(Load, int, int)}, for any channel. */
  public void accept(String channel, Load load, int from, int to) {
    StringBuilder jobs = new StringBuilder("[");
    for (int number = from; number < to; number++) {
      jobs.append(number == from ? "" : ",")
          .append("{\"subscription\":\"acme\",\"source\":\"bench\",\"channel\":\"")
          .append(channel)
          .append("\",\"action\":\"update\",\"objectType\":\"product\",\"objectIds\":[\"P")
          .append(number)
          .append("\"],\"partitionKey\":\"")
          .append(load.key(number))
          .append("\"}");
    }
    post(hubs.get(requests++ % hubs.size()), "/v1/jobs", jobs.append(']').toString(), 202);
  }

  private void post(HubProcess hub, String path, String body, int expected) {
    HttpRequest request =
        HttpRequest.newBuilder(hub.address().resolve(path))
            .timeout(Duration.ofMinutes(1))
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != expected) {
        throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** How many jobs of the channel shop are not final. */
  @Override
  public long pending() {
    return pending("shop");
  }

  /** How many jobs of a channel are not final. */
  public long pending(String channel) {
    return database.number(
        OPEN
            + " WHERE account_id = (SELECT account_id FROM account WHERE channel = '"
            + channel
            + "')");
  }

  /** When the calls of a channel began by the hubs' own word, in milliseconds since the epoch. */
  public double[] starts(String channel) {
    return database.numbers(STARTS + " WHERE channel = '" + channel + "'");
  }

  @Override
  public Memory memory() {
    return hubs.get(0).memory();
  }

  @Override
  public void close() {
    hubs.forEach(HubProcess::close);
    Closing.all(more);
    database.close();
  }
}
