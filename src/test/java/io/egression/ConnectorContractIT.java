package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.egression.ConnectorCase.Received;
import io.egression.StubServer.Answer;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * What every connector in connectors/ keeps to. A new one needs a case here: a real destination,
 * and where it finds the object's id.
 */
class ConnectorContractIT {
  private static final String SECRET = "hunter2-and-a-half";
  private static final List<String> ODD_IDS =
      List.of("a/b c", "ä", "..", "%2F", "x?y=1&z#", "日本😀", "+");

  private static final Map<String, ConnectorCase> CASES = new TreeMap<>();
  private static StubServer metadata;
  private static TestHub hub;

  private static void addCases() {
    String http = "{url: \"URL\", responseTimeout: 800}";
    CASES.put("http-connector", new HttpCase(http, StubServer.Call::objectId));
    CASES.put("bulk-connector", new HttpCase(http, StubServer.Call::objectId));
    CASES.put("marketplace-connector", new HttpCase(http, StubServer.Call::objectId));
    CASES.put(
        "endpoint-connector",
        new HttpCase("{uri: \"URL?responseTimeout=800\"}", StubServer.Call::objectId));
    CASES.put("rest-connector", new HttpCase(http, call -> lastSegment(call.uri().getRawPath())));
    CASES.put(
        "graphql-connector",
        new HttpCase(
            "{url: \"URL\", responseTimeout: 800, create: c, update: \"mutation { u }\", delete: d}",
            call -> call.json().at("/variables/objects/0/id").asText()));
    CASES.put(
        "vendure-connector",
        new HttpCase(http, call -> call.json().path("variables").path("id").textValue()));
    CASES.put("jms-connector", new JmsCase());
    CASES.put("file-connector", new FileCase());
  }

  private static String lastSegment(String path) {
    String segment = path.substring(path.lastIndexOf('/') + 1);
    return java.net.URI.create("x:/" + segment.replace("%2E", ".")).getPath().substring(1);
  }

  static Stream<String> connectors() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("connectors"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".kamelet.yaml"))
          .map(name -> name.replace(".kamelet.yaml", ""))
          .sorted()
          .toList()
          .stream();
    }
  }

  static Stream<String> connectorsOverHttp() throws IOException {
    return connectors().filter(connector -> CASES.get(connector) instanceof HttpCase);
  }

  @BeforeAll
  static void start() throws IOException {
    addCases();
    metadata = new StubServer(call -> Answer.json("{\"name\":\"Küche\"}"));
    String[] accounts =
        CASES.entrySet().stream()
            .flatMap(
                each ->
                    Stream.of(
                        account(each.getKey(), each.getKey(), each.getValue().parameters()),
                        account(
                            each.getKey() + "-away",
                            each.getKey(),
                            each.getValue().parametersOfNothing(SECRET))))
            .toArray(String[]::new);
    hub =
        TestHub.prepare()
            .metadata(metadata)
            .file("file-connector.connector.yaml", soon("file-connector", "first: 5s"))
            .accounts("acme", accounts)
            .start();
  }

  private static String soon(String connector, String first) throws IOException {
    String policy = Files.readString(Path.of("connectors", connector + ".connector.yaml"));
    assertThat(policy).contains(first);
    return policy.replace(first, "first: 200ms");
  }

  private static String account(String channel, String connector, String parameters) {
    return "  %s:\n    connector: %s\n    partitionBy: object\n    parameters: %s\n"
        .formatted(channel, connector, parameters);
  }

  @AfterAll
  static void stop() {
    hub.close();
    CASES.values().forEach(ConnectorCase::close);
    metadata.close();
  }

  @BeforeEach
  void forgetCalls() {
    CASES.values().stream()
        .filter(HttpCase.class::isInstance)
        .forEach(each -> ((HttpCase) each).server.calls().clear());
  }

  private static String submit(String channel, String id, String... more) {
    return hub.submit(TestHub.job("acme", channel, "product", id, more)).get(0);
  }

  @Test
  void every_connector_in_the_folder_has_a_case() throws IOException {
    assertThat(CASES.keySet()).containsExactlyElementsOf(connectors().toList());
  }

  @ParameterizedTest
  @MethodSource("connectors")
  void odd_ids_arrive_as_they_are(String connector) {
    List<String> jobs = ODD_IDS.stream().map(id -> submit(connector, id)).toList();
    jobs.forEach(job -> hub.await(job, "delivered"));
    assertThat(CASES.get(connector).received()).extracting(Received::id).containsAll(ODD_IDS);
    assertThat(hub.job(jobs.get(0)).get("attempts")).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("connectors")
  void what_cannot_be_taken_now_is_tried_again_under_the_same_key(String connector) {
    ConnectorCase destination = CASES.get(connector);
    destination.breakDown();
    String job = submit(connector, "again");
    await().atMost(Duration.ofSeconds(40)).until(() -> !hub.job(job).get("attempts").isEmpty());
    assertThat(hub.job(job).at("/attempts/0/outcome").asText()).isEqualTo("retry");
    destination.mend();
    hub.await(job, "delivered");
    assertThat(destination.received())
        .filteredOn(received -> received.id().equals("again"))
        .isNotEmpty()
        .extracting(Received::key)
        .containsOnly(job);
  }

  @ParameterizedTest
  @MethodSource("connectorsOverHttp")
  void what_is_refused_is_dead_at_once(String connector) {
    HttpCase destination = (HttpCase) CASES.get(connector);
    destination.server.behave(call -> Answer.of(422));
    JsonNode job = hub.await(submit(connector, "refused"), "dead");
    destination.mend();
    assertThat(job.get("reason").asText()).isEqualTo("status 422");
    assertThat(destination.received()).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("connectorsOverHttp")
  void a_redirect_is_not_followed(String connector) {
    HttpCase destination = (HttpCase) CASES.get(connector);
    destination.server.behave(
        call -> Answer.of(307, "Location", destination.server.url() + "/elsewhere"));
    JsonNode job = hub.await(submit(connector, "moved"), "dead");
    destination.mend();
    assertThat(job.get("reason").asText()).isEqualTo("status 307");
    assertThat(destination.received()).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("connectorsOverHttp")
  void silence_ends_the_call_which_is_made_again(String connector) {
    HttpCase destination = (HttpCase) CASES.get(connector);
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    destination.server.behave(
        call -> {
          if (calls.incrementAndGet() == 1) {
            assertThat(end.await(30, TimeUnit.SECONDS)).isTrue();
          }
          return Answer.json("{}");
        });
    String id = submit(connector, "silent");
    JsonNode job = hub.await(id, "delivered");
    end.countDown();
    destination.mend();
    assertThat(job.at("/attempts/0/detail").asText()).isEqualTo("no answer: timeout");
    assertThat(job.at("/attempts/0/tookMillis").asInt()).isBetween(700, 5000);
    assertThat(destination.received()).extracting(Received::key).containsExactly(id, id);
  }

  @ParameterizedTest
  @MethodSource("connectors")
  void a_secret_is_told_to_nobody(String connector) {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    Logger attempts = (Logger) LoggerFactory.getLogger("delivery.attempted");
    Level level = attempts.getLevel();
    attempts.setLevel(Level.INFO);
    log.start();
    root.addAppender(log);
    String job = submit(connector + "-away", "secret");
    await().atMost(Duration.ofSeconds(40)).until(() -> !hub.job(job).get("attempts").isEmpty());
    root.detachAppender(log);
    attempts.setLevel(level);
    assertThat(hub.get("/v1/jobs/" + job).body()).doesNotContain(SECRET);
    assertThat(hub.get("/v1/accounts").body()).doesNotContain(SECRET);
    assertThat(hub.number("SELECT count(*) FROM attempt WHERE detail LIKE '%" + SECRET + "%'"))
        .isZero();
    assertThat(List.copyOf(log.list))
        .anyMatch(event -> text(event).contains(job))
        .noneMatch(event -> text(event).contains(SECRET));
    hub.post("/v1/jobs/" + job + "/cancel", "");
    hub.await(job, "cancelled");
  }

  private static String text(ILoggingEvent event) {
    return event.getFormattedMessage()
        + (event.getThrowableProxy() == null
            ? ""
            : ThrowableProxyUtil.asString(event.getThrowableProxy()));
  }

  private static String soon() {
    return "\"notBefore\":\"" + Instant.now().plusSeconds(2) + "\"";
  }

  @Test
  void a_message_that_the_broker_has_is_not_there_twice() {
    JmsCase destination = (JmsCase) CASES.get("jms-connector");
    String job = submit("jms-connector", "once", soon());
    destination.send(job);
    hub.await(job, "delivered");
    destination.received();
    assertThat(destination.messages)
        .filteredOn(message -> job.equals(duplicateId(message)))
        .hasSize(1);
  }

  private static String duplicateId(TextMessage message) {
    try {
      return message.getStringProperty("_AMQ_DUPL_ID");
    } catch (JMSException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void a_message_says_whose_it_is_in_properties() throws Exception {
    JmsCase destination = (JmsCase) CASES.get("jms-connector");
    String job = submit("jms-connector", "properties");
    hub.await(job, "delivered");
    destination.received();
    var message = destination.messages.get(destination.messages.size() - 1);
    assertThat(message.getJMSCorrelationID()).isEqualTo(job);
    assertThat(message.getStringProperty("EgressionJob")).isEqualTo(job);
    assertThat(message.getStringProperty("EgressionSubscription")).isEqualTo("acme");
    assertThat(message.getStringProperty("EgressionAttempt")).isEqualTo("1");
    assertThat(message.getStringProperty("traceparent")).startsWith("00-");
    java.util.Enumeration<?> names = message.getPropertyNames();
    names
        .asIterator()
        .forEachRemaining(name -> assertThat(String.valueOf(name)).doesNotContain("HYPHEN"));
  }

  @Test
  void a_file_of_an_earlier_attempt_is_replaced_and_no_half_file_is_left() throws IOException {
    FileCase destination = (FileCase) CASES.get("file-connector");
    String job =
        hub.submit(
                TestHub.job("acme", "file-connector", "product", "1", soon())
                    .replace("\"objectIds\"", "\"partitionKey\":\"two\",\"objectIds\"")
                    .replace("[\"1\"]", "[\"1\",\"2 ü\"]"))
            .get(0);
    TestHub.write(destination.file(job), "{\"id\":\"ha");
    hub.await(job, "delivered");
    assertThat(Files.readAllLines(destination.file(job)))
        .hasSize(2)
        .allMatch(line -> line.contains("\"body\":{\"name\":\"Küche\"}"))
        .last()
        .asString()
        .contains("\"id\":\"2 ü\"");
    assertThat(destination.files())
        .allMatch(file -> file.toString().endsWith(".jsonl"))
        .noneMatch(file -> file.getFileName().toString().startsWith(".part-"));
  }
}
