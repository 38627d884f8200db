package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.egression.StubServer.Answer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A job's trace, from its producer to the connector, over its retries; and what log lines say. */
class TracesIT {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String PRODUCER = "b7ad6b7169203331";

  private static final List<Span> SPANS = new CopyOnWriteArrayList<>();
  private static final AtomicInteger CALLS = new AtomicInteger();
  private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();
  private static HttpServer collector;
  private static StubServer server;
  private static TestHub hub;

  @BeforeAll
  static void start() throws Exception {
    collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
    collector.createContext(
        "/v1/traces",
        exchange -> {
          ExportTraceServiceRequest.parseFrom(exchange.getRequestBody())
              .getResourceSpansList()
              .forEach(
                  resource ->
                      resource
                          .getScopeSpansList()
                          .forEach(scope -> SPANS.addAll(scope.getSpansList())));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    collector.start();
    server =
        new StubServer(
            call ->
                call.uri().getPath().contains("/meta")
                    ? Answer.json("{}")
                    : Answer.of(CALLS.incrementAndGet() == 1 ? 503 : 200));
    attempts().setLevel(Level.INFO);
    attempts().addAppender(LOG);
    LOG.start();
    hub =
        TestHub.prepare()
            .with("egression.metadata.url", server.url() + "/meta")
            .with(
                "egression.traces.url",
                "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces")
            .file("http-connector.connector.yaml", "retry:\n  first: 100ms\n")
            .accounts("acme", TestHub.account("shop", server))
            .start();
  }

  @AfterAll
  static void stop() {
    attempts().detachAppender(LOG);
    hub.close();
    server.close();
    collector.stop(0);
  }

  private static Logger attempts() {
    return (Logger) LoggerFactory.getLogger("delivery.attempted");
  }

  private static String hex(com.google.protobuf.ByteString id) {
    return HexFormat.of().formatHex(id.toByteArray());
  }

  private static List<Span> spans(String trace) {
    return SPANS.stream().filter(span -> hex(span.getTraceId()).equals(trace)).toList();
  }

  @Test
  void a_job_has_one_trace_over_its_retries_from_the_producer_to_the_connector() {
    HttpRequest request =
        hub.request("/v1/jobs")
            .header("Content-Type", "application/json")
            .header("traceparent", "00-" + TRACE + "-" + PRODUCER + "-01")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    TestHub.job("acme", "shop", "product", "traced")))
            .build();
    String job = hub.json(TestHub.send(request)).at("/jobs/0/id").asText();
    hub.await(job, "delivered");
    await().until(() -> spans(TRACE).size() == 5);
    Span accept = span("accept product");
    assertThat(hex(accept.getParentSpanId())).isEqualTo(PRODUCER);
    List<Span> calls =
        spans(TRACE).stream().filter(span -> span.getName().equals("call http-connector")).toList();
    assertThat(calls).hasSize(2);
    assertThat(calls)
        .allSatisfy(call -> assertThat(call.getParentSpanId()).isEqualTo(accept.getSpanId()));
    Map<String, List<StubServer.Call>> byKind =
        server.calls().stream()
            .filter(call -> call.header("traceparent").contains(TRACE))
            .collect(
                Collectors.groupingBy(
                    call -> call.uri().getPath().contains("/meta") ? "metadata" : "connector"));
    List<Span> fetches =
        spans(TRACE).stream().filter(span -> span.getName().equals("fetch product")).toList();
    assertThat(byKind.get("metadata"))
        .extracting(call -> call.header("traceparent").substring(36, 52))
        .hasSize(2)
        .containsExactlyElementsOf(fetches.stream().map(span -> hex(span.getSpanId())).toList());
    assertThat(fetches)
        .allSatisfy(fetch -> assertThat(fetch.getParentSpanId()).isEqualTo(accept.getSpanId()));
    assertThat(byKind.get("connector"))
        .extracting(call -> call.header("traceparent").substring(36, 52))
        .containsExactlyElementsOf(calls.stream().map(call -> hex(call.getSpanId())).toList());
    await()
        .untilAsserted(
            () ->
                assertThat(LOG.list)
                    .filteredOn(line -> job.equals(line.getMDCPropertyMap().get("job")))
                    .hasSize(2)
                    .allSatisfy(
                        line ->
                            assertThat(line.getMDCPropertyMap())
                                .containsEntry("trace", TRACE)
                                .containsEntry("account", "acme/shop")
                                .containsEntry("key", "*")));
  }

  private static Span span(String name) {
    return spans(TRACE).stream()
        .filter(span -> span.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_job_without_a_producer_s_trace_has_one_that_is_named_after_it() {
    String job = hub.submit(TestHub.job("acme", "shop", "brand", "own")).get(0);
    hub.await(job, "delivered");
    String trace = job.replace("-", "");
    await().until(() -> spans(trace).size() >= 2);
    assertThat(spans(trace))
        .filteredOn(span -> span.getParentSpanId().isEmpty())
        .extracting(Span::getName)
        .containsExactly("accept brand");
  }

  @Test
  void logs_are_json_on_request() throws Exception {
    LoggerContext context = new LoggerContext();
    context.putProperty("log.format", "json");
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(TracesIT.class.getResource("/logback.xml"));
    ConsoleAppender<ILoggingEvent> json =
        (ConsoleAppender<ILoggingEvent>)
            context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("json");
    hub.await(hub.submit(TestHub.job("acme", "shop", "product", "json")).get(0), "delivered");
    await().until(() -> !LOG.list.isEmpty());
    byte[] line = json.getEncoder().encode(LOG.list.get(0));
    JsonNode read = new ObjectMapper().readTree(new String(line, StandardCharsets.UTF_8));
    assertThat(read.at("/mdc/account").asText()).isEqualTo("acme/shop");
    assertThat(read.get("formattedMessage").asText()).contains("outcome=");
    context.stop();
  }
}
