package io.egression.bench.stage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** Egression: one hub or several on one database, handed jobs over HTTP. */
public final class HubContender implements Contender {
  private static final String OPEN = "SELECT coalesce(sum(open + unplaced), 0) FROM lane";

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
    this.hubs = hubs;
    this.more = more;
    this.key = hubs.get(0).key();
  }

  /** Keeps the jobs of a channel waiting until {@link #work()}. */
  public void pause() {
    post(hubs.get(0), "/v1/accounts/acme/shop/pause", "", 200);
  }

  @Override
  public void work() {
    post(hubs.get(0), "/v1/accounts/acme/shop/resume", "", 200);
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

  @Override
  public Memory memory() {
    return hubs.get(0).memory();
  }

  @Override
  public void close() {
    hubs.forEach(HubProcess::close);
    Contenders.closeAll(more);
    database.close();
  }
}
