package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A real shop's catalogue to three channels, some of which fail: what the channels' own log says.
 */
class SunriseIT {
  private static final Path DATA = Path.of("src/it/data/sunrise");
  private static final List<String> CHANNELS = List.of("a", "b", "c");

  /** One call in so many fails at first. */
  private static final int FAILING = 50;

  /** A call as the channel has seen it; times in nanoseconds. */
  private record Seen(
      String channel, String type, String id, long from, long until, boolean taken) {}

  private final ConcurrentLinkedQueue<Seen> log = new ConcurrentLinkedQueue<>();
  private final Set<String> failed = ConcurrentHashMap.newKeySet();

  private Answer answer(Call call) {
    long from = System.nanoTime();
    JsonNode delivery = call.json();
    String channel = delivery.get("channel").asText();
    String type = delivery.get("objectType").asText();
    String name = channel + "/" + type + "/" + call.objectId();
    boolean fails = Math.floorMod(name.hashCode(), FAILING) == 0 && failed.add(name);
    log.add(new Seen(channel, type, call.objectId(), from, System.nanoTime(), !fails));
    return Answer.of(fails ? 503 : 200);
  }

  @Test
  void no_product_before_its_categories_no_offer_before_its_product_and_parents_before_children()
      throws IOException {
    Map<String, String> parents = parents();
    List<String> skus = column("inventory.csv", 0);
    try (StubServer shop = new StubServer(this::answer);
        TestHub hub = hub(shop)) {
      shop.forget();
      String batch = submit(hub, parents, skus);
      await()
          .atMost(Duration.ofMinutes(8))
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> isDone(hub, batch));
      long all = CHANNELS.size() * (parents.size() + 2L * skus.size());
      assertThat(hub.number("SELECT count(*) FROM job WHERE state = 'delivered'")).isEqualTo(all);
    }
    assertThat(failed).hasSizeGreaterThan(1000);
    for (String channel : CHANNELS) {
      List<Seen> seen = log.stream().filter(each -> each.channel.equals(channel)).toList();
      assertThat(taken(seen, "category")).containsExactlyInAnyOrderElementsOf(parents.keySet());
      assertThat(taken(seen, "product")).containsExactlyInAnyOrderElementsOf(skus);
      assertThat(taken(seen, "offer")).containsExactlyInAnyOrderElementsOf(skus);
      assertThat(first(seen, "product")).isGreaterThan(last(seen, "category"));
      assertThat(first(seen, "offer")).isGreaterThan(last(seen, "product"));
      parentsFirst(seen, parents);
    }
  }

  private static TestHub hub(StubServer shop) {
    TestHub hub =
        TestHub.prepare()
            .with("egression.http.rate", "1000")
            .file("http-connector.connector.yaml", "retry: {first: 50ms, most: 50ms, jitter: 0}\n");
    return hub.accounts(
            "sunrise",
            CHANNELS.stream()
                .map(
                    channel ->
                        TestHub.account(channel, shop, "payload: reference", "partitionBy: object"))
                .toArray(String[]::new))
        .start();
  }

  /** The worst order: offers first, categories last, of which the parents come first. */
  private static String submit(TestHub hub, Map<String, String> parents, List<String> skus) {
    StringBuilder lines = new StringBuilder("{\"subscription\":\"sunrise\",\"source\":\"csv\"}\n");
    skus.forEach(sku -> lines.append(job("offer", sku)));
    skus.forEach(sku -> lines.append(job("product", sku)));
    Set<String> there = new HashSet<>();
    parents.keySet().forEach(id -> append(lines, id, parents, there));
    HttpRequest request =
        hub.request("/v1/batches")
            .setHeader("Content-Type", "application/x-ndjson")
            .POST(HttpRequest.BodyPublishers.ofString(lines.toString()))
            .build();
    HttpResponse<String> answer = TestHub.send(request);
    assertThat(answer.statusCode()).isEqualTo(201);
    return hub.json(answer).at("/batch/id").asText();
  }

  private static void append(
      StringBuilder lines, String id, Map<String, String> parents, Set<String> there) {
    if (there.add(id)) {
      String parent = parents.get(id);
      if (!parent.isEmpty()) {
        append(lines, parent, parents, there);
      }
      String category = job("category", id);
      lines.append(
          parent.isEmpty()
              ? category
              : category.replace("}", ",\"after\":[\"category/" + parent + "\"]}"));
    }
  }

  private static String job(String type, String id) {
    return "{\"action\":\"create\",\"objectType\":\"%s\",\"objectIds\":[\"%s\"]}\n"
        .formatted(type, id);
  }

  private static boolean isDone(TestHub hub, String batch) {
    List<String> states =
        hub.json(hub.get("/v1/batches/" + batch)).at("/channels").findValuesAsText("state");
    return states.size() == 3 * CHANNELS.size() && states.stream().allMatch("done"::equals);
  }

  private static List<String> taken(List<Seen> seen, String type) {
    return seen.stream()
        .filter(each -> each.type.equals(type) && each.taken)
        .map(Seen::id)
        .toList();
  }

  private static long first(List<Seen> seen, String type) {
    return seen.stream()
        .filter(each -> each.type.equals(type))
        .mapToLong(Seen::from)
        .min()
        .orElseThrow();
  }

  private static long last(List<Seen> seen, String type) {
    return seen.stream()
        .filter(each -> each.type.equals(type))
        .mapToLong(Seen::until)
        .max()
        .orElseThrow();
  }

  private static void parentsFirst(List<Seen> seen, Map<String, String> parents) {
    Map<String, Long> ended = new HashMap<>();
    List<String> early = new ArrayList<>();
    for (Seen each : seen) {
      if (each.type.equals("category")) {
        String parent = parents.get(each.id);
        if (!parent.isEmpty() && !(ended.getOrDefault(parent, Long.MAX_VALUE) < each.from)) {
          early.add(each.id);
        }
        if (each.taken) {
          ended.put(each.id, each.until);
        }
      }
    }
    assertThat(early).isEmpty();
  }

  /** Of each category its parent's id; empty: it has none. */
  private static Map<String, String> parents() throws IOException {
    List<String> ids = column("categories.csv", 1);
    List<String> parents = column("categories.csv", 8);
    Map<String, String> tree = new java.util.LinkedHashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      tree.put(ids.get(i), parents.get(i));
    }
    assertThat(tree).hasSize(102);
    return tree;
  }

  /** The data has no quoted commas in these files. */
  private static List<String> column(String file, int column) throws IOException {
    try (Stream<String> lines = Files.lines(DATA.resolve(file))) {
      return lines.skip(1).map(line -> line.split(",", -1)[column]).toList();
    }
  }
}
