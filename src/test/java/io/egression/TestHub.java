package io.egression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A hub over the real routes and the shipped connectors, with a database of its own on the shared
 * server and an embedded broker, and accounts that the test writes.
 */
public final class TestHub implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final Map<String, String> settings;
  private final Path connectors;
  private final String database;
  private Hub hub;
  private String key;

  private TestHub(Path connectors, String database, Map<String, String> settings) {
    this.connectors = connectors;
    this.database = database;
    this.settings = settings;
  }

  /** Prepares a hub; nothing runs yet. */
  public static TestHub prepare() {
    try {
      Path root = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "hub-");
      Path connectors =
          Files.createDirectories(root.resolve("connectors/subscriptions")).getParent();
      copyShipped(connectors);
      String database = SharedPostgres.newDatabase();
      Map<String, String> settings = new HashMap<>();
      settings.put("egression.http.port", "0");
      settings.put("egression.data.dir", root.resolve("data").toString());
      settings.put("egression.connectors.dir", connectors.toString());
      settings.put("egression.database.url", database);
      settings.put("egression.database.user", SharedPostgres.user());
      settings.put("egression.database.password", SharedPostgres.password());
      return new TestHub(connectors, database, settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The connectors as shipped, without the sample accounts. */
  static void copyShipped(Path connectors) {
    try (Stream<Path> files = Files.list(Path.of("connectors"))) {
      for (Path file : files.filter(each -> each.toString().endsWith(".yaml")).toList()) {
        Files.copy(file, connectors.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void write(Path file, String content) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Another node: the same database and settings, a data directory of its own. */
  public TestHub anotherNode() {
    Map<String, String> other = new HashMap<>(settings);
    other.put("egression.data.dir", settings.get("egression.data.dir") + "-" + System.nanoTime());
    TestHub node = new TestHub(connectors, database, other);
    node.key = key;
    return node;
  }

  /** Another node, whose files under connectors/ may come to differ. */
  public TestHub anotherNodeWithItsOwnConnectors() {
    try {
      Path own = connectors.resolveSibling("connectors-" + System.nanoTime());
      copy(connectors, own);
      TestHub other = anotherNode();
      TestHub node = new TestHub(own, database, other.settings);
      node.key = key;
      return node.with("egression.connectors.dir", own.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  /** Lets the hub run with the shipped routes, of which one is changed. */
  public TestHub route(String name, UnaryOperator<String> change) {
    return with("egression.routes.dir", routesWith(name, change).toString());
  }

  /** A folder with the shipped routes, of which one is changed. */
  static Path routesWith(String name, UnaryOperator<String> change) {
    try {
      Path own = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "routes-");
      Files.delete(own);
      copy(Path.of("routes"), own);
      Path file = own.resolve(name + ".camel.yaml");
      String shipped = Files.readString(file);
      String changed = change.apply(shipped);
      if (changed.equals(shipped)) {
        throw new IllegalArgumentException("nothing is changed in " + name);
      }
      Files.writeString(file, changed);
      return own;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Map<String, String> settings() {
    return settings;
  }

  public TestHub with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  public String setting(String name) {
    return settings.get(name);
  }

  public TestHub metadata(StubServer server) {
    return with("egression.metadata.url", server.url());
  }

  /** Writes a file under connectors/. */
  public TestHub file(String name, String content) {
    write(connectors.resolve(name), content);
    return this;
  }

  /** Deletes a file under connectors/. */
  public TestHub without(String name) {
    try {
      Files.delete(connectors.resolve(name));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An account of http-connector at this address; further lines as in the file, unindented. */
  public static String account(String channel, StubServer server, String... more) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("  ").append(channel).append(":\n    connector: http-connector\n");
    yaml.append("    parameters: {url: \"").append(server.url()).append("/\"}\n");
    for (String line : more) {
      yaml.append("    ").append(line).append('\n');
    }
    return yaml.toString();
  }

  public TestHub accounts(String subscription, String... accounts) {
    return file(
        "subscriptions/" + subscription + ".yaml", "channels:\n" + String.join("", accounts));
  }

  public TestHub start() {
    create().start();
    key();
    return this;
  }

  /** The hub, for a test that starts it in a Camel of its own. */
  Hub create() {
    hub = Hub.of(Settings.of(settings), Map.of());
    return hub;
  }

  private String readKey() {
    try {
      return Files.readString(hub.adminKey()).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Hub hub() {
    return hub;
  }

  public String key() {
    if (key == null) {
      key = readKey();
    }
    return key;
  }

  public URI uri(String path) {
    return URI.create(hub.address() + path);
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + key());
  }

  public static HttpResponse<String> send(HttpRequest request) {
    try {
      HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      Contract.check(answer);
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public HttpResponse<String> get(String path) {
    return send(request(path).GET().build());
  }

  public HttpResponse<String> post(String path, String body) {
    HttpResponse<String> answer =
        send(
            request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    if (answer.statusCode() < 300) {
      Contract.checkAccepted("POST", answer.uri().getRawPath(), body);
    }
    return answer;
  }

  public JsonNode json(HttpResponse<String> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException(answer.body(), e);
    }
  }

  /** Submits jobs and returns their ids. */
  public List<String> submit(String body) {
    HttpResponse<String> answer = post("/v1/jobs", body);
    if (answer.statusCode() != 202) {
      throw new AssertionError(answer.statusCode() + " " + answer.body());
    }
    List<String> ids = new ArrayList<>();
    json(answer).get("jobs").forEach(job -> ids.add(job.get("id").asText()));
    return ids;
  }

  /** A job as JSON; further members are added as they are. */
  public static String job(
      String subscription, String channel, String type, String id, String... more) {
    StringBuilder json = new StringBuilder();
    json.append("{\"subscription\":\"").append(subscription).append("\",\"source\":\"test\",");
    json.append("\"channel\":\"").append(channel).append("\",");
    json.append("\"objectType\":\"")
        .append(type)
        .append("\",\"objectIds\":[\"")
        .append(id)
        .append("\"]");
    boolean action = false;
    for (String member : more) {
      json.append(',').append(member);
      action |= member.startsWith("\"action\"");
    }
    return json.append(action ? "}" : ",\"action\":\"update\"}").toString();
  }

  public JsonNode job(String id) {
    return json(get("/v1/jobs/" + id));
  }

  public String state(String id) {
    return job(id).path("state").asText(); // none while the ledger is away
  }

  /** Waits until the job is in this state. */
  public JsonNode await(String id, String state) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> org.assertj.core.api.Assertions.assertThat(state(id)).isEqualTo(state));
    return job(id);
  }

  /** Waits until no job is open. */
  public void awaitAllFinal(Duration most) {
    Awaitility.await()
        .atMost(most)
        .until(() -> number("SELECT count(*) FROM job WHERE finished_at IS NULL") == 0);
  }

  /** The one number that a query yields. */
  public long number(String sql) {
    return Long.parseLong(text(sql));
  }

  /** The one text that a query yields. */
  public String text(String sql) {
    try (Connection connection = SharedPostgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Does something to the ledger that only a crash would. */
  public int execute(String sql) {
    try (Connection connection = SharedPostgres.connect(database);
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  public void stop() {
    if (hub != null) {
      hub.close();
      hub = null;
    }
  }

  @Override
  public void close() {
    stop();
  }
}
