package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How jobs are found: GET /v1/jobs and GET /v1/jobs/{id}. */
class JobListIT {
  private static final int MANY = 120;
  private static final String LATER = "\"notBefore\":\"2999-01-01T00:00:00Z\"";

  private static StubServer server;
  private static TestHub hub;

  /** Of subscription many, as accepted. */
  private static List<String> many;

  @BeforeAll
  static void start() {
    server = new StubServer(call -> Answer.json("{}"));
    hub =
        TestHub.prepare()
            .metadata(server)
            .accounts("many", TestHub.account("a", server), TestHub.account("b", server))
            .accounts("acme", TestHub.account("a", server), TestHub.account("b", server))
            .start();
    List<String> jobs =
        IntStream.range(0, MANY)
            .mapToObj(n -> TestHub.job("many", n % 3 == 0 ? "b" : "a", "product", "n" + n, LATER))
            .toList();
    many = new ArrayList<>();
    many.addAll(hub.submit("[" + String.join(",", jobs.subList(0, 50)) + "]"));
    jobs.subList(50, MANY).forEach(job -> many.addAll(hub.submit(job)));
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 40, 60, 119, 120, 121, 500})
  void pages_show_every_job_once_newest_first(int limit) {
    List<String> newestFirst = new ArrayList<>(many);
    Collections.reverse(newestFirst);

    List<List<String>> pages = pages("subscription=many&limit=" + limit);

    assertThat(pages.stream().flatMap(List::stream)).containsExactlyElementsOf(newestFirst);
    assertThat(pages).hasSize((MANY + limit - 1) / limit);
    assertThat(pages.subList(0, pages.size() - 1)).allMatch(page -> page.size() == limit);
  }

  @Test
  void a_page_without_limit_has_fifty() {
    assertThat(ids("subscription=many")).hasSize(50);
  }

  @Test
  void jobs_that_come_in_between_shift_no_page() {
    String query = "subscription=acme&object=shift/";
    List<String> before = new ArrayList<>();
    IntStream.range(0, 9).forEach(n -> before.addAll(submit("a", "shift", "x", LATER)));
    JsonNode first = page(query + "x&limit=4");
    IntStream.range(0, 5).forEach(n -> submit("a", "shift", "x", LATER));
    JsonNode second = page(query + "x&limit=4&cursor=" + first.get("next").asText());

    List<String> seen = new ArrayList<>(idsOf(first));
    seen.addAll(idsOf(second));
    Collections.reverse(before);
    assertThat(seen).isEqualTo(before.subList(0, 8));
  }

  @Test
  void filters_narrow_alone_and_together() {
    List<String> all = submitAll("filters");
    List<String> done = submit("a", "filters", "done");
    done.forEach(id -> hub.await(id, "delivered"));

    String object = "object=filters/done";
    assertThat(ids(object)).containsExactlyElementsOf(done);
    assertThat(ids(object + "&state=delivered")).containsExactlyElementsOf(done);
    assertThat(ids(object + "&state=scheduled")).isEmpty();
    assertThat(ids(object + "&channel=b")).isEmpty();
    assertThat(ids(object + "&subscription=many")).isEmpty();
    assertThat(ids("subscription=acme&channel=b&state=scheduled&object=filters/1"))
        .containsExactly(all.get(1));
    assertThat(ids("channel=a&object=filters/1")).containsExactly(all.get(0));
    assertThat(ids("subscription=many&channel=b&limit=500")).hasSize(MANY / 3);
    assertThat(ids("channel=nix")).isEmpty();
    assertThat(ids("subscription=nix")).isEmpty();
    assertThat(ids("object=filter/1")).isEmpty();
  }

  private static List<String> submitAll(String type) {
    List<String> ids = new ArrayList<>(submit("a", type, "1", LATER));
    ids.addAll(submit("b", type, "1", LATER));
    return ids;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"A/12 34", "/", "a/b/c", "100%", "%2F", "a+b c", "Größe", "👗", "a&b=c#d"})
  void a_job_is_found_by_any_of_its_objects(String id) {
    String job =
        hub.submit(
                TestHub.job("acme", "a", "odd", "x-" + id, LATER)
                    .replace("[\"x-" + id + "\"]", "[\"other\",\"" + id + "\"]"))
            .get(0);
    String single = submit("a", "odd", id, LATER).get(0);

    assertThat(ids("object=" + encoded("odd/" + id))).containsExactly(single, job);
    assertThat(ids("object=" + encoded("odd/" + id.substring(1)))).doesNotContain(job, single);
    assertThat(ids("object=" + encoded("od/" + id))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"scheduled", "gated", "waiting", "delivered", "dead", "superseded"})
  void a_state_shows_its_jobs_and_no_others(String state) {
    hub.post("/v1/jobs", TestHub.job("acme", "a", "state", "delivered"));
    hub.post("/v1/jobs", TestHub.job("acme", "a", "state", "scheduled", LATER));
    for (JsonNode job : page("subscription=acme&limit=500&state=" + state).get("jobs")) {
      assertThat(job.get("state").asText()).isEqualTo(state);
    }
    if (List.of("scheduled", "delivered").contains(state)) {
      org.awaitility.Awaitility.await()
          .until(() -> !ids("state=" + state + "&object=state/" + state).isEmpty());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "limit=0 | limit | 1 to 500",
        "limit=501 | limit | 1 to 500",
        "limit=-1 | limit | 1 to 500",
        "limit=x | limit | 1 to 500",
        "limit= | limit | 1 to 500",
        "limit=99999999999999999999 | limit | 1 to 500",
        "limit=1&limit=2 | limit | twice",
        "state=done | state | delivered",
        "state=DELIVERED | state | delivered",
        "state= | state | delivered",
        "object=product | object | <type>/<id>",
        "object=/1 | object | <type>/<id>",
        "object= | object | <type>/<id>",
        "object=product/%00 | object | control characters",
        "channel=%00 | channel | control characters",
        "subscription=a%00 | subscription | control characters",
        "cursor=x | cursor | next",
        "cursor= | cursor | next",
        "cursor=00000000-0000-0000-0000-00000000000g | cursor | next",
        "offset=10 | offset | known are: channel, cursor, limit, object, state, subscription",
        "chanel=a | chanel | did you mean 'channel'?",
        "Channel=a | Channel | did you mean 'channel'?"
      })
  void a_wrong_parameter_is_named(String query, String parameter, String detail) {
    JsonNode problem = Problems.assertThatIs(hub.get("/v1/jobs?" + query), 400, "invalid-query");
    assertThat(problem.get("errors")).hasSize(1);
    assertThat(problem.get("errors").get(0).get("parameter").asText()).isEqualTo(parameter);
    assertThat(problem.get("errors").get(0).get("detail").asText()).contains(detail);
  }

  @Test
  void every_wrong_parameter_is_in_one_answer() {
    JsonNode problem =
        Problems.assertThatIs(
            hub.get("/v1/jobs?limit=0&state=x&object=y&cursor=z"), 400, "invalid-query");
    assertThat(problem.get("errors"))
        .extracting(error -> error.get("parameter").asText())
        .containsExactlyInAnyOrder("limit", "state", "object", "cursor");
  }

  @Test
  void headers_named_like_parameters_change_nothing() {
    HttpResponse<String> answer =
        TestHub.send(
            hub.request("/v1/jobs?subscription=many&limit=2")
                .header("limit", "1")
                .header("subscription", "acme")
                .header("state", "nonsense")
                .build());
    assertThat(idsOf(hub.json(answer))).isEqualTo(ids("subscription=many&limit=2"));

    String id = many.get(0);
    HttpResponse<String> one =
        TestHub.send(hub.request("/v1/jobs/" + id).header("id", many.get(1)).build());
    assertThat(hub.json(one).get("id").asText()).isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "00000000-0000-0000-0000-000000000000",
        "0-0-0-0-0",
        "00000000-0000-0000-0000-00000000000g",
        "%00",
        "'%20OR%201=1",
        "null"
      })
  void a_job_that_is_not_there_is_not_found(String id) {
    Problems.assertThatIs(hub.get("/v1/jobs/" + id), 404, "no-such-job");
    Problems.assertThatIs(hub.get("/v1/jobs/" + UUID.randomUUID()), 404, "no-such-job");
  }

  @Test
  void a_job_shows_all_that_it_was_given() {
    String body =
        """
        {"subscription":"acme","source":"erp","channel":"a","action":"delete","objectType":"offer",
         "objectIds":["1","2"],"partitionKey":"warehouse 7","notBefore":"2999-01-01T01:00:00+01:00"}
        """;
    JsonNode job = hub.job(hub.submit(body).get(0));
    assertThat(job.get("subscription").asText()).isEqualTo("acme");
    assertThat(job.get("source").asText()).isEqualTo("erp");
    assertThat(job.get("channel").asText()).isEqualTo("a");
    assertThat(job.get("action").asText()).isEqualTo("delete");
    assertThat(job.get("objectType").asText()).isEqualTo("offer");
    assertThat(job.get("objectIds")).extracting(JsonNode::asText).containsExactly("1", "2");
    assertThat(job.get("partitionKey").asText()).isEqualTo("warehouse 7");
    assertThat(job.get("notBefore").asText()).isEqualTo("2999-01-01T00:00:00Z");
    assertThat(job.get("state").asText()).isEqualTo("scheduled");
    assertThat(job.get("waitsFor").get("until").asText()).isEqualTo("2999-01-01T00:00:00Z");
    assertThat(job.get("timeline").get(0).get("what").asText()).isEqualTo("accepted");
    assertThat(job.get("attempts")).isEmpty();
    assertThat(job.has("place")).isFalse();
  }

  // ---- helpers

  private static List<String> submit(String channel, String type, String id, String... more) {
    return hub.submit(TestHub.job("acme", channel, type, id, more));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static List<List<String>> pages(String query) {
    List<List<String>> pages = new ArrayList<>();
    JsonNode page = page(query);
    pages.add(idsOf(page));
    HashSet<String> cursors = new HashSet<>();
    while (page.has("next")) {
      assertThat(cursors.add(page.get("next").asText())).as("the cursor moves").isTrue();
      page = page(query + "&cursor=" + page.get("next").asText());
      pages.add(idsOf(page));
    }
    return pages;
  }

  private static JsonNode page(String query) {
    HttpResponse<String> answer = hub.get("/v1/jobs?" + query);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return hub.json(answer);
  }

  private static List<String> ids(String query) {
    return idsOf(page(query));
  }

  private static List<String> idsOf(JsonNode page) {
    List<String> ids = new ArrayList<>();
    page.get("jobs").forEach(job -> ids.add(job.get("id").asText()));
    return ids;
  }
}
