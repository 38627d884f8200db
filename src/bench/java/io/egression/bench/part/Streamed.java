package io.egression.bench.part;

import io.egression.bench.report.Case;
import io.egression.bench.report.Ratio;
import io.egression.bench.report.Results;
import io.egression.bench.stage.Contenders;
import io.egression.bench.stage.HubProcess;
import io.egression.bench.stage.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A batch of very many jobs as NDJSON, to a hub whose small heap is all resident from the start;
 * their account is paused.
 */
final class Streamed implements Part {
  private static final String NAME = "streamed";
  private static final List<String> HEAP = List.of("-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch");
  private static final int WARMING = 100_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String title() {
    return "A streamed batch: accepted from NDJSON by a hub with -Xmx512m, and how it grows meanwhile";
  }

  @Override
  public void run(Stage stage, Results results) {
    int lines = stage.settings().number("streamed.lines");
    Repeats.of(stage.settings())
        .forEach(
            () ->
                results.measure(
                    Case.of(NAME, Contenders.EGRESSION).with("jobs", lines),
                    () -> {
                      try (HubProcess hub = stage.contenders().starts().hubProcess(HEAP)) {
                        return measure(hub, lines);
                      }
                    }));
  }

  private static Map<String, Number> measure(HubProcess hub, int lines) {
    post(
        hub,
        "/v1/accounts/acme/shop/pause",
        "application/json",
        BodyPublishers.ofString("{\"reason\":\"measured\"}"));
    stream(hub, WARMING);
    long before = hub.memory().residentMegabytes();
    hub.memory().forgetPeak();
    long from = System.nanoTime();
    stream(hub, lines);
    double seconds = Race.seconds(from);
    Map<String, Number> figures = new LinkedHashMap<>();
    figures.put("accepted/s", Math.round(lines / seconds));
    figures.put("resident MB before", before);
    figures.put("grown by MB at most", hub.memory().peakMegabytes() - before);
    figures.put("at the end MB", hub.memory().residentMegabytes() - before);
    return figures;
  }

  private static void stream(HubProcess hub, int lines) {
    post(
        hub,
        "/v1/batches",
        "application/x-ndjson",
        BodyPublishers.ofInputStream(() -> body(lines)));
  }

  private static InputStream body(int lines) {
    Iterator<InputStream> parts =
        IntStream.rangeClosed(0, lines)
            .mapToObj(Streamed::line)
            .<InputStream>map(line -> new java.io.ByteArrayInputStream(line.getBytes()))
            .iterator();
    return new SequenceInputStream(
        new java.util.Enumeration<>() {
          @Override
          public boolean hasMoreElements() {
            return parts.hasNext();
          }

          @Override
          public InputStream nextElement() {
            return parts.next();
          }
        });
  }

  private static String line(int n) {
    return n == 0
        ? "{\"subscription\":\"acme\",\"source\":\"bench\"}\n"
        : "{\"action\":\"update\",\"objectType\":\"product\",\"objectIds\":[\"SKU-%07d\"]}\n"
            .formatted(n);
  }

  private static void post(HubProcess hub, String path, String type, BodyPublisher body) {
    HttpRequest request =
        HttpRequest.newBuilder(hub.address().resolve(path))
            .header("Authorization", "Bearer " + hub.key())
            .header("Content-Type", type)
            .POST(body)
            .build();
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 300) {
        throw new IllegalStateException(path + ": " + answer.statusCode() + " " + answer.body());
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public List<Ratio> ratios() {
    return List.of();
  }
}
