package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.camel.Exchange;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.builder.NotifyBuilder;
import org.apache.camel.builder.RouteBuilder;
import org.junit.jupiter.api.Test;

/** Where what throws ends, and that the HTTP routes answer. */
class RoutePoliciesIT extends RouteTestSupport {

  /** A route under one of the shipped policies, in which each try of a step fails. */
  private Exchange thrown(String policy, Exception fault) throws Exception {
    String id = "throws-" + UUID.randomUUID();
    AtomicInteger tries = new AtomicInteger();
    context.addRoutes(
        new RouteBuilder() {
          @Override
          public void configure() {
            from("direct:" + id)
                .routeConfigurationId(policy)
                .process(
                    exchange -> {
                      tries.incrementAndGet();
                      throw fault;
                    });
          }
        });
    Exchange ended = template.send("direct:" + id, exchange -> exchange.getMessage().setBody("x"));
    ended.setProperty("tries", tries.get());
    return ended;
  }

  @Test
  void error_policy_repeats_twice_what_never_arrived_and_leaves_everything_to_the_caller()
      throws Exception {
    Exchange refused = thrown("error-policy", new ConnectException("refused"));
    assertThat(refused.getException()).isInstanceOf(ConnectException.class);
    assertThat(refused.getProperty("tries")).isEqualTo(3);

    Exchange other = thrown("error-policy", new SocketTimeoutException("no answer"));
    assertThat(other.getException()).isInstanceOf(SocketTimeoutException.class);
    assertThat(other.getProperty("tries")).isEqualTo(1);
  }

  @Test
  void to_caller_repeats_nothing_and_ends_the_caller() throws Exception {
    Exchange refused = thrown("to-caller", new ConnectException("refused"));
    assertThat(refused.getException()).isInstanceOf(ConnectException.class);
    assertThat(refused.getProperty("tries")).isEqualTo(1);
  }

  @Test
  void a_run_whose_claim_failed_is_brought_again_by_the_broker() throws Exception {
    AtomicInteger comings = new AtomicInteger();
    AdviceWith.adviceWith(
        context,
        "deliver",
        advice ->
            advice
                .weaveAddFirst()
                .process(
                    exchange -> {
                      if (comings.incrementAndGet() == 1) {
                        throw new IllegalStateException("the claim failed");
                      }
                    }));
    hub.await(submit("references", "1"), "delivered");
    assertThat(comings).hasValue(2);
    assertThat(channel.calls()).hasSize(1);
    assertThat(hub.hub().repairs()).isZero();
  }

  @Test
  void what_throws_in_call_gets_its_meaning_in_deliver() throws Exception {
    AdviceWith.adviceWith(
        context,
        "call",
        advice ->
            advice
                .weaveByToUri("direct:enrich")
                .replace()
                .throwException(new SocketTimeoutException("woven in")));
    String job = submit("references", "1");
    await().until(() -> hub.job(job).at("/waitsFor/kind").asText().equals("retry"));
    assertThat(hub.job(job).at("/waitsFor/text").asText()).contains("timeout");
    assertThat(channel.calls()).isEmpty();
  }

  @Test
  void a_letter_that_cannot_be_sent_stays_due_and_its_run_goes_on() throws Exception {
    AdviceWith.adviceWith(
        context,
        "dead-letter",
        advice ->
            advice
                .weaveByToUri("jms:*")
                .replace()
                .throwException(new IllegalStateException("the broker is away")));
    channel.behave(call -> Answer.of(call.objectId().equals("wrong") ? 422 : 200));
    NotifyBuilder done = new NotifyBuilder(context).fromRoute("consume-*").whenDone(1).create();
    NotifyBuilder failed = new NotifyBuilder(context).fromRoute("consume-*").whenFailed(1).create();
    List<String> jobs =
        hub.submit(
            "[%s,%s]"
                .formatted(
                    TestHub.job("acme", "references", "product", "wrong"),
                    TestHub.job("acme", "references", "product", "next")));
    hub.await(jobs.get(0), "dead");
    hub.await(jobs.get(1), "delivered");
    assertThat(done.matchesWaitTime()).isTrue();
    assertThat(failed.matches()).isFalse();
    assertThat(received("direct:dead-letter")).isNotEmpty();
    assertThat(hub.number("SELECT count(*) FROM job WHERE letter_due")).isEqualTo(1);
    assertThat(consumer.receiveNoWait("jms:queue:egression.dead-letter")).isNull();
  }

  @Test
  void http_errors_answers_with_a_problem_document_without_a_word_of_the_inside() throws Exception {
    AdviceWith.adviceWith(
        context,
        "health-http",
        advice ->
            advice
                .weaveByToUri("bean:health*")
                .replace()
                .throwException(new IllegalStateException("a secret")));
    HttpResponse<String> answer = // the document promises that this does not happen
        HttpClient.newHttpClient()
            .send(hub.request("/health").build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    assertThat(answer.body()).contains("The request failed").doesNotContain("secret");
  }

  @Test
  void every_route_names_the_policy_that_its_readme_promises() {
    Map<String, String> policies =
        Map.ofEntries(
            Map.entry("call", "to-caller"),
            Map.entry("send", "error-policy"),
            Map.entry("deliver", "to-caller"),
            Map.entry("enrich", "to-caller"),
            Map.entry("metadata", "to-caller"),
            Map.entry("replay", "to-caller"),
            Map.entry("dead-letter", "letter-later"),
            Map.entry("accept-http", "http-errors"),
            Map.entry("jobs-http", "http-errors"),
            Map.entry("job-http", "http-errors"),
            Map.entry("health-http", "http-errors"));
    assertThat(policies)
        .allSatisfy(
            (route, policy) ->
                assertThat(context.getRouteDefinition(route).getRouteConfigurationId())
                    .isEqualTo(policy));
  }

  @Test
  void accept_jobs_job_and_health_answer() {
    HttpResponse<String> accepted =
        hub.post("/v1/jobs", TestHub.job("acme", "references", "product", "1"));
    assertThat(accepted.statusCode()).isEqualTo(202);
    String id = hub.json(accepted).at("/jobs/0/id").asText();
    assertThat(hub.number("SELECT count(*) FROM job WHERE job_id = '" + id + "'")).isEqualTo(1);
    assertThat(hub.post("/v1/jobs", "{\"chanel\":1}").statusCode()).isEqualTo(422);

    HttpResponse<String> list = hub.get("/v1/jobs?subscription=acme");
    assertThat(list.statusCode()).isEqualTo(200);
    assertThat(hub.json(list).at("/jobs/0/id").asText()).isEqualTo(id);
    HttpResponse<String> one = hub.get("/v1/jobs/" + id);
    assertThat(one.statusCode()).isEqualTo(200);
    assertThat(hub.json(one).get("id").asText()).isEqualTo(id);
    assertThat(hub.get("/v1/jobs/" + UUID.randomUUID()).statusCode()).isEqualTo(404);

    HttpRequest open = HttpRequest.newBuilder(hub.uri("/health")).GET().build();
    assertThat(TestHub.send(open).statusCode()).isEqualTo(200);
  }

  @Test
  void operate_has_an_answer_for_each_of_its_lines() {
    channel.behave(call -> Answer.of(422));
    String dead = submit("references", "1");
    String gone = submit("references", "2");
    hub.await(dead, "dead");
    hub.await(gone, "dead");
    assertThat(status("/v1/connectors/http-connector/pause")).isEqualTo(200);
    assertThat(status("/v1/accounts/acme/references/pause")).isEqualTo(200);
    assertThat(status("/v1/jobs/" + dead + "/replay")).isEqualTo(202);
    assertThat(status("/v1/jobs/" + dead + "/cancel")).isEqualTo(200);
    assertThat(status("/v1/jobs/" + gone + "/discard")).isEqualTo(200);
    assertThat(status("/v1/accounts/acme/references/resume")).isEqualTo(200);
    assertThat(status("/v1/connectors/http-connector/resume")).isEqualTo(200);
    assertThat(hub.state(dead)).isEqualTo("cancelled");
    assertThat(hub.state(gone)).isEqualTo("cancelled");
    HttpResponse<String> many = hub.post("/v1/replays", "{\"subscription\":\"acme\"}");
    assertThat(many.statusCode()).isEqualTo(202);
    assertThat(hub.get(hub.json(many).get("location").asText()).statusCode()).isEqualTo(200);
    assertThat(hub.json(hub.get("/v1/accounts")).get("accounts")).hasSize(4);
  }

  private int status(String path) {
    return hub.post(path, "").statusCode();
  }
}
