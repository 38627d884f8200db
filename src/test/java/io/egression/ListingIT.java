package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.StubServer.Call;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A new channel is filled with what the Metadata API lists. */
class ListingIT {
  private static final int PAGE = 40;

  @TempDir private static Path folder;
  private static StubServer api;
  private static StubServer shop;
  private static TestHub hub;
  private static String keyFile;

  @BeforeAll
  static void start() throws Exception {
    api = new StubServer(ListingIT::answer);
    shop = new StubServer(call -> Answer.of(200));
    hub =
        TestHub.prepare()
            .with("egression.metadata.token", "of-the-api")
            .metadata(api)
            .accounts("acme", TestHub.account("new", shop, "partitionBy: object"))
            .start();
    keyFile = Files.writeString(folder.resolve("key"), hub.key()).toString();
  }

  @AfterAll
  static void stop() {
    hub.close();
    shop.close();
    api.close();
  }

  /** A hundred products in pages; ids that have to be encoded. */
  private static Answer answer(Call call) {
    String path = call.uri().getRawPath();
    String query = String.valueOf(call.uri().getQuery());
    return switch (path) {
      case "/product" -> {
        int from =
            query.contains("cursor=at ") ? Integer.parseInt(query.replaceAll(".*at ", "")) : 0;
        String ids =
            IntStream.range(from, Math.min(from + PAGE, 100))
                .mapToObj(i -> "\"p/" + i + "\"")
                .collect(Collectors.joining(","));
        yield Answer.json(
            "{\"ids\":[%s]%s}"
                .formatted(ids, from + PAGE < 100 ? ",\"next\":\"at " + (from + PAGE) + "\"" : ""));
      }
      case "/empty" -> Answer.json("{\"ids\":[]}");
      case "/odd" -> Answer.json("{\"ids\":[1]}");
      case "/page" -> Answer.json("<html>");
      case "/broken" -> Answer.of(500);
      default -> path.startsWith("/product/") ? Answer.json("{\"name\":\"x\"}") : Answer.of(404);
    };
  }

  private record Ran(int code, String out, String err) {}

  private static Ran run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--url", hub.uri("/").toString(), "--key-file", keyFile));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Egression.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    int code = line.execute(all.toArray(String[]::new));
    line.getOut().flush();
    line.getErr().flush();
    return new Ran(code, out.toString(), err.toString());
  }

  @Test
  void all_objects_of_a_type_are_handed_over_to_the_channel() {
    Ran ran =
        run("submit", "--all", "product", "--subscription", "acme", "--channel", "new", "--wait");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("100 jobs are accepted");
    Set<String> delivered = shop.calls().stream().map(Call::objectId).collect(Collectors.toSet());
    assertThat(delivered)
        .isEqualTo(IntStream.range(0, 100).mapToObj(i -> "p/" + i).collect(Collectors.toSet()));
    assertThat(api.calls())
        .filteredOn(call -> call.uri().getRawPath().equals("/product"))
        .hasSize(3)
        .allSatisfy(
            call -> {
              assertThat(call.header("Authorization")).isEqualTo("Bearer of-the-api");
              assertThat(call.uri().getQuery()).contains("subscription=acme", "channel=new");
            });
    hub.awaitAllFinal(Duration.ofSeconds(10));
  }

  @Test
  void a_type_without_objects_is_no_fault() {
    Ran ran = run("submit", "--all", "empty", "--subscription", "acme", "--channel", "new");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("0 jobs are accepted");
  }

  @Test
  void an_api_that_cannot_list_is_named_with_what_it_answers() {
    for (String type : List.of("unknown", "odd", "page", "broken")) {
      HttpResponse<String> answer =
          hub.get("/v1/objects/" + type + "?subscription=acme&channel=new");
      assertThat(answer.statusCode()).as(type).isEqualTo(502);
      JsonNode problem = hub.json(answer);
      assertThat(problem.get("title").asText()).contains("does not say which objects there are");
      assertThat(problem.get("detail").asText()).isNotBlank();
    }
    Ran ran = run("submit", "--all", "broken", "--subscription", "acme", "--channel", "new");
    assertThat(ran.code()).isNotZero();
    assertThat(ran.err()).contains("status 500");
  }

  @Test
  void what_is_not_right_is_named() {
    assertThat(hub.get("/v1/objects/product?subscription=acme").body()).contains("channel");
    assertThat(hub.get("/v1/objects/product?subscription=acme&channel=old").statusCode())
        .isEqualTo(404);
    Ran ran =
        run("submit", "jobs.json", "--all", "product", "--subscription", "a", "--channel", "b");
    assertThat(ran.err()).contains("either a file or --all");
    assertThat(run("submit", "--all", "product").err()).contains("--subscription");
  }

  @Test
  void a_key_of_another_subscription_sees_nothing() {
    String foreign = TestKey.of(hub, "viewer", "globex");
    HttpResponse<String> answer =
        TestHub.send(
            java.net.http.HttpRequest.newBuilder(
                    hub.uri("/v1/objects/product?subscription=acme&channel=new"))
                .header("Authorization", "Bearer " + foreign)
                .build());
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).doesNotContain("p/1");
  }
}
