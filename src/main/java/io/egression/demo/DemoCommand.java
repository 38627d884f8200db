package io.egression.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.cli.HubStarter;
import io.egression.cli.UntilStopped;
import io.egression.ledger.ProgressReport.Line;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Delivers the sample catalogue to three sample channels and shows how it goes. */
@Command(
    name = "demo",
    description = {
      "Starts the hub with a sample Metadata API and three sample channels, hands it a sample"
          + " catalogue and shows it being delivered: to a web shop; to a marketplace that is slow"
          + " and allows 20 calls a second; to a moody channel that fails now and then with 503.",
      "Then it keeps serving until Ctrl-C."
    },
    mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {
  private static final String SUBSCRIPTION = "sample-shop";
  private static final int WIDTH = 30;

  private final HubStarter starter;

  @Option(
      names = "--once",
      description = "End when all is final; exit code 0 only if every job was delivered.")
  private boolean once;

  public DemoCommand(HubStarter starter) {
    this.starter = starter;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (SampleMetadataApi metadata = new SampleMetadataApi(SampleCatalogue.load());
        SampleChannel webShop = channel(SampleChannel.Manners.webShop());
        SampleChannel marketplace = channel(SampleChannel.Manners.marketplace());
        SampleChannel moody = channel(SampleChannel.Manners.moody());
        HubStarter.Started hub =
            starter.start(
                Map.of(
                    "egression.metadata.url", metadata.uri().toString(),
                    "egression.http.tls.file", "",
                    "egression.http.tls.password", ""),
                Map.of(
                    "sample.webshop.url", webShop.uri().toString(),
                    "sample.marketplace.url", marketplace.uri().toString(),
                    "sample.moody.url", moody.uri().toString()))) {
      return run(hub, new PrintStream(System.out, true, StandardCharsets.UTF_8));
    }
  }

  private static SampleChannel channel(SampleChannel.Manners manners) throws IOException {
    return new SampleChannel(manners, Clock.systemUTC());
  }

  private int run(HubStarter.Started hub, PrintStream out)
      throws IOException, InterruptedException {
    String source = "demo-" + System.currentTimeMillis();
    int jobs = submit(hub, source);
    out.printf("%nThe hub serves at %s; %d jobs were accepted.%n%n", hub.address(), jobs);
    List<Line> end = follow(hub, source, jobs, out);
    out.println();
    out.print(table(end).render());
    boolean allDelivered = end.stream().mapToInt(Line::delivered).sum() == jobs;
    if (!once) {
      out.printf(
          "%nAsk for a job: curl -H \"Authorization: Bearer $(cat %s)\" \"%s/v1/jobs?limit=1\"%nCtrl-C ends.%n",
          hub.adminKey(), hub.address());
      UntilStopped.await();
    }
    return allDelivered ? 0 : 1;
  }

  private static int submit(HubStarter.Started hub, String source)
      throws IOException, InterruptedException {
    ObjectMapper json = new ObjectMapper();
    List<Map<String, Object>> jobs = new ArrayList<>();
    SampleCatalogue.load()
        .idsByType()
        .forEach((type, ids) -> ids.forEach(id -> jobs.add(job(source, type, id))));
    HttpRequest request =
        HttpRequest.newBuilder(hub.address().resolve("/v1/jobs"))
            .header("Authorization", "Bearer " + Files.readString(hub.adminKey()).strip())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(write(json, jobs)))
            .build();
    HttpResponse<String> answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 202) {
      throw new IllegalStateException("the hub did not accept the jobs: " + answer.body());
    }
    return json.readTree(answer.body()).get("jobs").size();
  }

  private static String write(ObjectMapper json, Object value) throws JsonProcessingException {
    return json.writeValueAsString(value);
  }

  private static Map<String, Object> job(String source, String type, String id) {
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("subscription", SUBSCRIPTION);
    job.put("source", source);
    job.put("action", "create");
    job.put("objectType", type);
    job.put("objectIds", List.of(id));
    return job;
  }

  private static List<Line> follow(HubStarter.Started hub, String source, int jobs, PrintStream out)
      throws InterruptedException {
    ProgressBars bars = new ProgressBars(out, System.console() != null, WIDTH);
    while (true) {
      List<Line> lines = hub.reports().of(SUBSCRIPTION, source);
      bars.show(bars(lines));
      if (lines.stream().mapToInt(DemoCommand::ended).sum() >= jobs) {
        bars.end();
        return lines;
      }
      TimeUnit.MILLISECONDS.sleep(200); // the pace of the picture
    }
  }

  private static int ended(Line line) {
    return line.delivered() + line.dead() + line.otherwiseFinal();
  }

  private static List<ProgressBars.Bar> bars(List<Line> lines) {
    return lines.stream()
        .collect(Collectors.groupingBy(Line::channel, LinkedHashMap::new, Collectors.toList()))
        .entrySet()
        .stream()
        .map(
            channel ->
                new ProgressBars.Bar(
                    channel.getKey(),
                    channel.getValue().stream().mapToInt(DemoCommand::ended).sum(),
                    channel.getValue().stream().mapToInt(Line::jobs).sum(),
                    note(channel.getValue())))
        .toList();
  }

  private static String note(List<Line> lines) {
    int retried = lines.stream().mapToInt(Line::retried).sum();
    int throttled = lines.stream().mapToInt(Line::throttled).sum();
    return retried + " retried, " + throttled + " throttled";
  }

  private static ReportTable table(List<Line> lines) {
    return new ReportTable(
        List.of("channel", "object type", "delivered", "retried", "throttled", "dead", "time"),
        lines.stream()
            .map(
                line ->
                    List.of(
                        line.channel(),
                        line.objectType(),
                        String.valueOf(line.delivered()),
                        String.valueOf(line.retried()),
                        String.valueOf(line.throttled()),
                        String.valueOf(line.dead()),
                        seconds(line.took())))
            .toList());
  }

  private static String seconds(Duration took) {
    return String.format(Locale.ROOT, "%.1f s", took.toMillis() / 1000.0);
  }
}
