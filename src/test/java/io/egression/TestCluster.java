package io.egression;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.ledger.Database;
import io.egression.ledger.Reconciliation;
import io.egression.ledger.embedded.EmbeddedPostgres;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.QueueBrowser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.awaitility.Awaitility;

/** Hubs, a broker and a PostgreSQL, each in a process of its own that a test can kill. */
public final class TestCluster implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private static final class Node {
    final Path data;
    final List<String> options;
    final Map<String, String> settings;
    ForkedJava process;
    URI address;

    Node(Path data, List<String> options, Map<String, String> settings) {
      this.data = data;
      this.options = options;
      this.settings = settings;
    }
  }

  private final Path root;
  private final EmbeddedPostgres postgres;
  private final Path brokerData = TestBroker.newDirectory();
  private final int brokerPort = TestBroker.freePort();
  private final List<Node> nodes = new ArrayList<>();
  private final Path connectors;
  private ForkedJava broker;
  private String key;
  private int next;

  /** One subscription acme with one account, channel shop. */
  public TestCluster(StubServer channel, String... account) {
    try {
      root = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "cluster-");
      connectors = Files.createDirectories(root.resolve("connectors"));
      postgres = EmbeddedPostgres.start(root.resolve("postgres"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    TestHub.copyShipped(connectors);
    TestHub.write(
        connectors.resolve("subscriptions/acme.yaml"),
        "channels:\n" + TestHub.account("shop", channel, account));
    startBroker();
  }

  private void startBroker() {
    broker =
        new ForkedJava(
            BrokerProcess.class, Map.of(), brokerData.toString(), String.valueOf(brokerPort));
    broker.awaitLine("broker at");
  }

  /** Starts so many more nodes and waits until they are ready. */
  public void startNodes(int count) {
    List<Node> started = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      started.add(startNode(List.of(), Map.of()));
    }
    started.forEach(this::awaitReady);
  }

  /** Starts a node for each of these errors, by which its machine's clock is wrong. */
  public void startNodesWithWrongClocks(Duration... errors) {
    List<Node> started = new ArrayList<>();
    for (Duration error : errors) {
      started.add(startNode(List.of(WrongClock.option(error)), Map.of()));
    }
    started.forEach(this::awaitReady);
  }

  /** Starts a node with each of these changes of the shipped route. */
  public void startNodesWithRoute(String name, List<UnaryOperator<String>> changes) {
    List<Node> started = new ArrayList<>();
    for (UnaryOperator<String> change : changes) {
      String routes = TestHub.routesWith(name, change).toString();
      started.add(startNode(List.of(), Map.of("egression.routes.dir", routes)));
    }
    started.forEach(this::awaitReady);
  }

  private Node startNode(List<String> options, Map<String, String> settings) {
    Node node = new Node(root.resolve("node-" + nodes.size()), options, settings);
    start(node);
    nodes.add(node);
    return node;
  }

  private void start(Node node) {
    Map<String, String> settings = new HashMap<>();
    settings.put("egression.http.port", "0");
    settings.put("egression.data.dir", node.data.toString());
    settings.put("egression.connectors.dir", connectors.toString());
    settings.put("egression.database.url", postgres.jdbcUrl());
    settings.put("egression.database.user", postgres.user());
    settings.put("egression.database.password", postgres.password());
    settings.put("egression.broker.url", TestBroker.url(brokerPort));
    settings.putAll(node.settings);
    node.process = new ForkedJava(node.options, Egression.class, settings, "run");
  }

  private void awaitReady(Node node) {
    node.address = URI.create(node.process.awaitLine("egression is ready: (\\S+)"));
    Path file = node.data.resolve("admin.key");
    if (key == null && Files.exists(file)) { // made by the first of them that started
      try {
        key = Files.readString(file).strip();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Kills a node and starts it again. */
  public void killNode(int index) {
    Node node = nodes.get(index);
    node.process.kill();
    start(node);
    awaitReady(node);
  }

  /** Kills every node; none is started again. */
  public void killNodes() {
    nodes.forEach(node -> node.process.kill());
    nodes.clear();
  }

  /** What a node has written. */
  public List<String> output(int index) {
    return nodes.get(index).process.output();
  }

  public void signalNode(int index, String signal) {
    nodes.get(index).process.signal(signal);
  }

  public void killBroker() {
    broker.kill();
    startBroker();
  }

  /** Kills the postmaster; the embedded server's watch starts it again. */
  public void killDatabase() {
    try {
      long pid =
          Long.parseLong(
              Files.readAllLines(postmasterPid(root.resolve("postgres"))).get(0).strip());
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Awaitility.await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> open() >= 0);
  }

  private static Path postmasterPid(Path directory) throws IOException {
    try (var files = Files.walk(directory, 3)) {
      return files
          .filter(file -> file.getFileName().toString().equals("postmaster.pid"))
          .findFirst()
          .orElseThrow();
    }
  }

  /** Submits to any node, again and again until it is answered 202; returns the jobs' ids. */
  public List<String> submit(String body) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(120))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(100))
        .until(() -> trySubmit(body), ids -> !ids.isEmpty());
  }

  private List<String> trySubmit(String body) throws InterruptedException {
    Node node = nodes.get(next++ % nodes.size());
    try {
      HttpResponse<String> answer =
          HTTP.send(post(node, "/v1/jobs", body), HttpResponse.BodyHandlers.ofString());
      List<String> ids = new ArrayList<>();
      if (answer.statusCode() == 202) {
        JsonNode jobs = JSON.readTree(answer.body()).get("jobs");
        jobs.forEach(job -> ids.add(job.get("id").asText()));
      } else if (answer.statusCode() < 500) {
        throw new AssertionError(answer.body());
      }
      return ids;
    } catch (IOException e) {
      return List.of(); // the node is being killed: again
    }
  }

  private HttpRequest post(Node node, String path, String body) {
    return HttpRequest.newBuilder(node.address.resolve(path))
        .timeout(Duration.ofSeconds(30))
        .header("Authorization", "Bearer " + key)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  public void pauseAccount() {
    operate("/v1/accounts/acme/shop/pause");
  }

  public void resumeAccount() {
    operate("/v1/accounts/acme/shop/resume");
  }

  private void operate(String path) {
    try {
      HTTP.send(post(nodes.get(0), path, ""), HttpResponse.BodyHandlers.discarding());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How many jobs are not final. */
  public long open() {
    return number("SELECT count(*) FROM job WHERE finished_at IS NULL");
  }

  public long number(String sql) {
    return Long.parseLong(strings(sql).iterator().next());
  }

  /**
   * What a node's sweep does for lanes whose holder's lease ran out; returns how many there are.
   */
  public int freeLost() {
    try (Database database =
        Database.open(postgres.jdbcUrl(), postgres.user(), postgres.password(), 2)) {
      return new Reconciliation(database).freeLost();
    }
  }

  /** A transaction that keeps the rows of this query locked until it is rolled back. */
  public Connection lock(String sql) throws SQLException {
    Connection connection = connect();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
    return connection;
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  public int execute(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The first column of a query. */
  public Set<String> strings(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      Set<String> values = new HashSet<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The jobs whose letters are in the dead letter queue, as often as they are there. */
  public List<String> letters() throws JMSException {
    List<String> jobs = new ArrayList<>();
    try (ActiveMQConnectionFactory connections =
        new ActiveMQConnectionFactory(TestBroker.url(brokerPort))) {
      connections.setConsumerWindowSize(0);
      try (JMSContext context = connections.createContext();
          QueueBrowser browser =
              context.createBrowser(context.createQueue("egression.dead-letter"))) {
        for (Enumeration<?> each = browser.getEnumeration(); each.hasMoreElements(); ) {
          jobs.add(((Message) each.nextElement()).getStringProperty("job"));
        }
      }
    }
    return jobs;
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.process.close());
    broker.close();
    postgres.close();
  }
}
