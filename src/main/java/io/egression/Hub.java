package io.egression;

import static java.util.concurrent.TimeUnit.HOURS;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.egression.access.AccessHttp;
import io.egression.access.AccessKeys;
import io.egression.access.AccessTokens;
import io.egression.access.Callers;
import io.egression.access.Gate;
import io.egression.access.RequestLimits;
import io.egression.batch.BeltOpening;
import io.egression.connector.Catalogue;
import io.egression.connector.Classifier;
import io.egression.connector.Fault;
import io.egression.delivery.Breakers;
import io.egression.delivery.Brokers;
import io.egression.delivery.BulkCall;
import io.egression.delivery.CallDeadlines;
import io.egression.delivery.ConnectorRouter;
import io.egression.delivery.Credentials;
import io.egression.delivery.Dispatcher;
import io.egression.delivery.DryRun;
import io.egression.delivery.EmbeddedBroker;
import io.egression.delivery.Enrichment;
import io.egression.delivery.FilterStep;
import io.egression.delivery.ForeignIds;
import io.egression.delivery.Health;
import io.egression.delivery.Hours;
import io.egression.delivery.Letters;
import io.egression.delivery.Messages;
import io.egression.delivery.MetadataClient;
import io.egression.delivery.MetadataOutage;
import io.egression.delivery.MetadataPace;
import io.egression.delivery.MetadataRequests;
import io.egression.delivery.Meters;
import io.egression.delivery.ObjectCache;
import io.egression.delivery.ObjectCalls;
import io.egression.delivery.ObjectDocuments;
import io.egression.delivery.ObjectListing;
import io.egression.delivery.Outcomes;
import io.egression.delivery.Permits;
import io.egression.delivery.QueueWatch;
import io.egression.delivery.Replays;
import io.egression.delivery.Retaining;
import io.egression.delivery.Runs;
import io.egression.delivery.SlowAccounts;
import io.egression.delivery.Sweep;
import io.egression.delivery.Traces;
import io.egression.intake.BatchApi;
import io.egression.intake.BatchHttp;
import io.egression.intake.Caller.Role;
import io.egression.intake.ConfigurationHttp;
import io.egression.intake.FilterApi;
import io.egression.intake.HttpApi;
import io.egression.intake.JmsIntake;
import io.egression.intake.JobApi;
import io.egression.intake.JobIntake;
import io.egression.intake.ListingHttp;
import io.egression.intake.MetricsHttp;
import io.egression.intake.ObjectApi;
import io.egression.intake.OperatorApi;
import io.egression.intake.OperatorHttp;
import io.egression.intake.Overview;
import io.egression.intake.OverviewStream;
import io.egression.intake.ScheduleHttp;
import io.egression.intake.Schedules;
import io.egression.intake.SupportHttp;
import io.egression.ledger.Acceptance;
import io.egression.ledger.AccessKeyStore;
import io.egression.ledger.AccountQueries;
import io.egression.ledger.Accounts;
import io.egression.ledger.Activity;
import io.egression.ledger.Audit;
import io.egression.ledger.BatchLedger;
import io.egression.ledger.Cancellation;
import io.egression.ledger.Database;
import io.egression.ledger.DeadLetters;
import io.egression.ledger.DeadReasons;
import io.egression.ledger.Dispatch;
import io.egression.ledger.Durability;
import io.egression.ledger.Eligibility;
import io.egression.ledger.Endings;
import io.egression.ledger.FilterLedger;
import io.egression.ledger.JobQueries;
import io.egression.ledger.LimitQueries;
import io.egression.ledger.Node;
import io.egression.ledger.Notices;
import io.egression.ledger.ObjectMappings;
import io.egression.ledger.ObjectQueries;
import io.egression.ledger.OpeningTimes;
import io.egression.ledger.OverviewQueries;
import io.egression.ledger.PatientPauses;
import io.egression.ledger.Pauses;
import io.egression.ledger.PermitLedger;
import io.egression.ledger.ProgressReport;
import io.egression.ledger.Pruning;
import io.egression.ledger.Reconciliation;
import io.egression.ledger.Replay;
import io.egression.ledger.RunLedger;
import io.egression.ledger.ScheduleLedger;
import io.egression.ledger.embedded.EmbeddedPostgres;
import io.egression.notify.JobEvents;
import io.egression.notify.Notifier;
import io.egression.notify.Webhook;
import io.egression.page.Page;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.VertxOptions;
import jakarta.jms.ConnectionFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.Predicate;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.jms.JmsConfiguration;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainConfigurationProperties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jms.connection.CachingConnectionFactory;

/**
 * A running hub: wires the rooms, starts them from the ledger outwards and stops them the other way
 * round.
 */
public final class Hub implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Hub.class);

  private static final String ADMIN_KEY = "admin.key";

  /** How long a stop waits for a start that is under way. */
  private static final Duration START_MOST = Duration.ofMinutes(2);

  private static final AtomicInteger BROKERS = new AtomicInteger();

  private final Settings settings;
  private final Map<String, String> placeholders;
  private final @Nullable ServerTls tls;
  private final int port;
  private final Deque<Runnable> stops = new ArrayDeque<>();
  private final ObjectMapper json =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .build();
  private Database database;
  private ConnectionFactory connections;
  private AccessKeys keys;
  private Callers callers;
  private CamelContext camel;
  private Configuration configuration;
  private LiveFiles files;
  private Schedules schedules;
  private Retaining retaining;
  private JmsIntake jmsIntake;
  private JobEvents jobEvents;
  private QueueWatch queueWatch;
  private Runs runs;
  private Dispatcher dispatcher;
  private FilterApi filterApi;
  private Replays replays;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private Activity activity;
  private Meters meters;
  private OverviewStream stream;
  private volatile Sweep sweep;
  private final ReentrantLock changing = new ReentrantLock();
  private boolean closed;

  private Hub(Settings settings, Map<String, String> placeholders) {
    this.settings = settings;
    this.placeholders = placeholders;
    this.tls = settings.httpTls();
    this.port = freePort(settings.httpHost(), settings.httpPort());
  }

  /**
   * Starts a hub.
   *
   * @throws RuntimeException saying what is not right; nothing is left running then
   */
  public static Hub start(Settings settings, Map<String, String> placeholders) {
    Hub hub = of(settings, placeholders);
    hub.start();
    return hub;
  }

  /**
   * A hub that does not run yet.
   *
   * @param placeholders further words for {@code {{…}}} in routes and accounts
   */
  static Hub of(Settings settings, Map<String, String> placeholders) {
    return new Hub(settings, placeholders);
  }

  /** As {@link #start(Settings, Map)}; a {@link #close} meanwhile waits for it. */
  void start() {
    changing.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the hub was stopped before it had started");
      }
      startAll();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    } finally {
      changing.unlock();
    }
  }

  private void startAll() {
    long started = System.nanoTime();
    List<Fault> faults = FileCheck.of(settings.connectorsDir(), settings.routesDir(), properties());
    if (!faults.isEmpty()) {
      throw new Fault.FaultyFilesException(faults);
    }
    open();
    Main main = prepareCamel();
    wire(main.getCamelContext());
    startCamel(main);
    work();
    LOG.info(
        "ready in {} ms at {}",
        Duration.ofNanos(System.nanoTime() - started).toMillis(),
        address());
  }

  /** The database, the broker and the keys: what is there before Camel. */
  void open() {
    DataDirectory data = closing(DataDirectory.lock(settings.dataDir()));
    database = openDatabase(data);
    connections = openBroker(data);
    keys = new AccessKeys(new AccessKeyStore(database));
    makeAdminKey(data);
  }

  private <T extends AutoCloseable> T closing(T part) {
    stops.push(
        () -> {
          try {
            part.close();
          } catch (Exception e) { // AutoCloseable declares it
            LOG.warn("{} did not stop cleanly", part.getClass().getSimpleName(), e);
          }
        });
    return part;
  }

  private Database openDatabase(DataDirectory data) {
    String url = settings.databaseUrl();
    if (url != null) {
      Database external = closing(openDatabase(url));
      Durability.of(external).warnings().forEach(LOG::warn);
      return external;
    }
    EmbeddedPostgres postgres = closing(EmbeddedPostgres.start(data.resolve("postgres")));
    return closing(
        Database.open(
            postgres.jdbcUrl(), postgres.user(), postgres.password(), settings.databasePool()));
  }

  private Database openDatabase(String url) {
    try {
      return Database.open(
          url, settings.databaseUser(), settings.databasePassword(), settings.databasePool());
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "the database at %s (egression.database.url) cannot be used: %s"
              .formatted(url, rootCause(e).getMessage()),
          e);
    }
  }

  private ConnectionFactory openBroker(DataDirectory data) {
    String url = settings.brokerUrl();
    if (url == null) {
      int id = BROKERS.getAndIncrement();
      closing(EmbeddedBroker.start(settings.brokerConfig(), data.resolve("broker"), id));
      url = "vm://" + id;
    }
    ActiveMQConnectionFactory factory =
        new ActiveMQConnectionFactory(url, settings.brokerUser(), settings.brokerPassword());
    // No run waits in the buffer of a busy consumer while another is idle.
    factory.setConsumerWindowSize(0);
    factory.setBlockOnAcknowledge(false);
    factory.setBlockOnDurableSend(true);
    // A send during the broker's absence fails, and the ledger keeps what it was about.
    factory.setCallFailoverTimeout(20_000);
    closing(factory);
    return factory;
  }

  private void makeAdminKey(DataDirectory data) {
    if (keys.isEmpty()) {
      data.writeSecret(ADMIN_KEY, keys.create("admin", Role.ADMIN, null));
      LOG.info("made the first key: it is in {} (role admin)", adminKey());
    }
  }

  /** Makes what the routes use, and gives it its names in this Camel, which is to be started. */
  void wire(CamelContext context) {
    camel = context;
    configuration =
        new Configuration(
            camel,
            new Configuration.Place(settings.connectorsDir(), settings.routesDir(), properties()));
    boolean alone = settings.databaseUrl() == null;
    Node node = closing(new Node(database, settings.nodeName(), alone));
    AccessTokens.Provider provider = settings.oidc();
    AccessTokens tokens = provider == null ? null : new AccessTokens(provider, node.clock());
    callers = new Callers(keys, tokens, node.clock());
    Accounts accounts = new Accounts(database);
    configuration.announce(accounts, node);
    activity = closing(new Activity(database, accounts));
    Traces traces = closing(new Traces(settings.tracesUrl(), settings.nodeName(), node.clock()));
    meters = new Meters(activity, registry, settings.metricsByAccount(), traces);
    FilterLedger filterLedger = closing(new FilterLedger(database));
    Eligibility eligibility = new Eligibility(database);
    Hours hours = new Hours(new OpeningTimes(database), configuration, node.clock());
    Cancellation cancellation = new Cancellation(database, jobs -> dispatcher.ended(jobs));
    BatchLedger batches = new BatchLedger(database);
    dispatcher =
        new Dispatcher(
            new Dispatch(database),
            eligibility,
            new Dispatcher.Timed(hours, new BeltOpening(batches, eligibility, cancellation)),
            connections);
    RunLedger runLedger = closing(new RunLedger(database, node, dispatcher::ended));
    Supplier<Catalogue> current = configuration;
    JobQueries queries = new JobQueries(database);
    DeadLetters deadLetters = new DeadLetters(database);
    CallDeadlines deadlines = closing(new CallDeadlines());
    httpDefaults(deadlines);
    Enrichment.Api metadata = metadata(deadlines, node);
    Enrichment enrichment =
        new Enrichment(metadata, new ObjectCache(settings.metadataCache()), queries, node, traces);
    SlowAccounts slow = new SlowAccounts(Configuration.CONSUMERS);
    runs = new Runs(new Runs.Ledger(runLedger, cancellation), node, dispatcher, current, slow);

    bind("runs", runs);
    bind("enrichment", enrichment);
    bind("fetching", (Predicate) Enrichment::isNeeded);
    bind("gathering", (Predicate) BulkCall::isGathering);
    bind("bulk", new BulkCall());
    bind("messages", new Messages(node, deadlines, json));
    Credentials credentials =
        closing(new Credentials(deadlines, node.clock(), ThreadLocalRandom.current()));
    bind("credentials", credentials);
    configuration.prepare(
        new Configuration.Parts(
            accounts, node, filterLedger, credentials, hours, runs, () -> dispatcher.nudge()));
    FilterStep filterStep = new FilterStep(configuration.filters(), filterLedger);
    bind("filters", filterStep);
    DryRun dryRun = new DryRun(closing(camel.createProducerTemplate()), filterStep, node);
    filterApi = new FilterApi(current, filterLedger, dryRun);
    bind("router", new ConnectorRouter());
    Permits permits = new Permits(closing(new PermitLedger(database, accounts)), node.clock());
    bind("permits", permits);
    Pauses pauses = new Pauses(database);
    queueWatch = closing(new QueueWatch(connections, current, pauses));
    PatientPauses patient = closing(new PatientPauses(pauses));
    bind(
        "outcomes",
        new Outcomes(
            runLedger,
            patient,
            dispatcher,
            new Outcomes.Judges(
                new Classifier(node.clock(), ThreadLocalRandom.current()), enrichment, credentials),
            new Outcomes.Listeners(slow, permits, new Breakers(patient, dispatcher), meters)));
    bind("letters", new Letters(deadLetters, connections, json));
    files =
        new LiveFiles(
            List.of(settings.connectorsDir(), settings.routesDir()), configuration, node.clock());
    Health health =
        new Health(node, dispatcher, () -> files.state().faults().size(), this::repairs, json);
    bind("health", health);
    bind("deliveryMapper", json);
    JobIntake intake =
        new JobIntake(
            new Acceptance(database, accounts, node.clock(), meters),
            batches,
            current,
            dispatcher::dueIn,
            node.clock());
    HttpApi api =
        new HttpApi(intake, new JobApi(queries, filterLedger, node.clock()), callers::caller, json);
    bind("api", api);
    BatchApi.Parts parts = new BatchApi.Parts(batches, intake, current);
    schedules = closing(new Schedules(new ScheduleLedger(database), intake, current, node.clock()));
    bind("schedules", new ScheduleHttp(schedules, api));
    jmsIntake =
        closing(
            new JmsIntake(
                connections,
                intake,
                settings.jmsUsers(),
                settings.brokerUser(),
                (int) Math.min(settings.httpMaxBody(), Integer.MAX_VALUE),
                json));
    retaining =
        closing(
            new Retaining(
                new Pruning(database), configuration, node.clock(), settings.retentionEvery()));
    bind("configuration", new ConfigurationHttp(() -> view(files.state()), api));
    // A streamed batch keeps its thread for as long as it comes.
    bind("vertx", new VertxOptions().setMaxWorkerExecuteTime(1).setMaxWorkerExecuteTimeUnit(HOURS));
    bind(
        "batches",
        new BatchHttp(new BatchApi(parts, node.clock()), api, settings.httpBounds().body()));
    replays = closing(new Replays(new Replay(database), connections, dispatcher));
    bind("replays", replays);
    OperatorApi operator =
        new OperatorApi(
            new OperatorApi.Ledger(
                queries, new AccountQueries(database), cancellation, pauses, new Audit(database)),
            replays,
            dispatcher);
    bind("operator", new OperatorHttp(operator, api));
    ListingHttp listing =
        new ListingHttp(
            new ObjectListing(closing(camel.createProducerTemplate()), metadata), current, api);
    bind("listing", listing);
    Overview overview = support(api, queries, node);
    Webhook webhook = new Webhook(node.clock());
    jobEvents = closing(new JobEvents(new Endings(database), current, connections, webhook));
    Notifier.Receiver receiver = settings.notifyReceiver();
    if (receiver != null) {
      Notices notices = new Notices(database);
      closing(new Notifier(receiver, overview, notices, webhook, json)).start();
    }
    bind(
        "metrics",
        new MetricsHttp(
            overview,
            registry,
            api,
            node.clock(),
            new MetricsHttp.Parts(
                database, this::repairs, health::isLedgerThere, health::isBrokerThere),
            settings.metricsByAccount()));
    bindForKamelets(accounts);
    sweep =
        new Sweep(
            new Sweep.Ledger(
                node,
                new Reconciliation(database),
                eligibility,
                deadLetters,
                accounts,
                cancellation),
            connections,
            dispatcher,
            camel.createProducerTemplate(),
            keys::refresh);
  }

  /** What support people ask. */
  private Overview support(HttpApi api, JobQueries queries, Node node) {
    Overview overview =
        new Overview(
            new Overview.Ledger(new OverviewQueries(database), new LimitQueries(database)),
            configuration,
            node.clock());
    ObjectApi objects = new ObjectApi(new ObjectQueries(database), queries, node.clock());
    bind("access", new AccessHttp(keys, new Audit(database), api));
    bind("support", new SupportHttp(objects, overview, new DeadReasons(database), filterApi, api));
    stream = closing(new OverviewStream(overview, callers::caller, json));
    return overview;
  }

  private static ConfigurationHttp.View view(LiveFiles.State state) {
    return new ConfigurationHttp.View(
        state.hash(),
        state.since(),
        state.faults().stream()
            .map(
                fault ->
                    new ConfigurationHttp.FaultView(
                        fault.file().toString(), fault.line(), fault.column(), fault.message()))
            .toList());
  }

  private Enrichment.Api metadata(CallDeadlines deadlines, Node node) {
    MetadataClient.Bounds bounds =
        new MetadataClient.Bounds(settings.metadataMaxBody(), settings.metadataTimeout());
    String authorization =
        MetadataClient.authorization(
            settings.metadataToken(), settings.metadataUser(), settings.metadataPassword());
    bind(
        "metadataClient",
        new MetadataClient(deadlines, bounds, settings.metadataUrl(), authorization));
    return new Enrichment.Api(
        new MetadataRequests(settings.metadataUrl(), settings.metadataBatch()),
        bounds,
        new MetadataOutage(node.clock(), ThreadLocalRandom.current()),
        new MetadataPace(settings.metadataRate()));
  }

  private void bindForKamelets(Accounts accounts) {
    ConnectionFactory shared = sharedConnection();
    bind("jms", jms(shared));
    bind("brokers", closing(new Brokers(shared)));
    bind("objects", new ObjectCalls());
    bind("documents", new ObjectDocuments());
    bind("ids", new ForeignIds(new ObjectMappings(database, accounts)));
  }

  private void bind(String name, Object bean) {
    camel.getRegistry().bind(name, bean);
  }

  /** What holds for every HTTP call, also of a connector that says nothing about it. */
  private void httpDefaults(CallDeadlines deadlines) {
    for (String scheme : List.of("http", "https")) {
      HttpComponent http = camel.getComponent(scheme, HttpComponent.class);
      http.setHttpClientConfigurer(deadlines);
      http.setAutomaticRetriesDisabled(true);
      http.setFollowRedirects(false);
      http.setCookieManagementDisabled(true);
      http.setConnectionsPerRoute(200);
      http.setMaxTotalConnections(1000);
    }
  }

  /** For those who send: one connection for all. */
  private ConnectionFactory sharedConnection() {
    CachingConnectionFactory caching = new CachingConnectionFactory(connections);
    closing(caching::destroy);
    return caching;
  }

  private JmsComponent jms(ConnectionFactory shared) {
    JmsConfiguration configuration =
        new JmsConfiguration(connections) {
          /** An endpoint that brings its own must not send to the hub's broker. */
          @Override
          public void setConnectionFactory(ConnectionFactory own) {
            super.setConnectionFactory(own);
            setTemplateConnectionFactory(null);
          }
        };
    configuration.setTemplateConnectionFactory(shared);
    return new JmsComponent(configuration);
  }

  private Main prepareCamel() {
    Main main = new Main();
    main.setDefaultPropertyPlaceholderLocation("false");
    main.setOverrideProperties(properties());
    configure(main.configure());
    main.addMainListener(new CamelCli());
    closing(main::stop);
    try {
      main.init();
    } catch (RuntimeException e) {
      throw RouteFaults.explained(e);
    }
    if (tls != null) {
      main.getCamelContext().setSSLContextParameters(tls.parameters());
    }
    return main;
  }

  /** What {@code {{…}}} may name, and where Camel finds the Kamelets. */
  Properties properties() {
    Properties properties = settings.forRoutes();
    properties.putAll(placeholders);
    properties.setProperty(
        "camel.component.kamelet.location", "file:" + settings.connectorsDir().toAbsolutePath());
    // What throws in a Kamelet is its caller's to handle: the error policy's.
    properties.setProperty("camel.component.kamelet.noErrorHandler", "true");
    return properties;
  }

  void configure(MainConfigurationProperties configuration) {
    configuration
        .withName("egression")
        .withRoutesIncludePattern("file:" + settings.routesDir().toAbsolutePath() + "/*.camel.yaml")
        .withStreamCachingEnabled(true)
        .withMessageHistory(false)
        .withUseDataType(false)
        .withJmxEnabled(settings.camelCli())
        .withDevConsoleEnabled(settings.camelCli())
        .withShutdownTimeout(40)
        .withAutoConfigurationLogSummary(false);
    configuration.httpServer().withEnabled(true).withHost(settings.httpHost()).withPort(port);
    configuration.httpServer().withMaxBodySize(settings.httpMaxBody());
    configuration.httpServer().withUseGlobalSslContextParameters(tls != null);
    // No route is served before the gate stands.
    configuration.withAutoStartup(false);
  }

  private void startCamel(Main main) {
    try {
      main.start();
    } catch (RuntimeException e) {
      throw RouteFaults.explained(e);
    }
    if (settings.camelCli()) {
      CamelCli.joins(main.getCamelContext());
    }
  }

  /** Starts the routes, now that Camel runs, and what works beside them. */
  void work() {
    startRoutes();
    configuration.openEndpoints();
    closing(dispatcher);
    dispatcher.start();
    replays.start();
    // Before the ledger's parts: what is in hand is recorded, while the lease is still held.
    closing(camel::stop);
    activity.start();
    configuration.startConsumers();
    closing(sweep);
    sweep.start();
    closing(files);
    files.start();
    schedules.start();
    retaining.start();
    jmsIntake.start();
    jobEvents.start();
    if (settings.brokerUrl() != null) { // nobody can pause a queue of the embedded one
      queueWatch.start();
    }
    closing(runs::stop);
  }

  private void startRoutes() {
    VertxPlatformHttpRouter router =
        VertxPlatformHttpRouter.lookup(camel, "platform-http-router-" + port);
    Page page = new Page();
    new Gate(callers, json, new RequestLimits(settings.httpBounds()), page.paths()).guard(router);
    page.serve(router);
    stream.serve(router);
    try {
      camel.setAutoStartup(true); // for the Kamelets' routes, made on first use
      camel.getRouteController().startAllRoutes();
    } catch (Exception e) { // Camel declares Exception
      throw RouteFaults.explained(e);
    }
    Gate.requireAt(address(), tls == null ? null : tls.trusting());
  }

  private static Throwable rootCause(Throwable fault) {
    Throwable cause = fault;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** The wanted port, which is free, or for 0 any; the HTTP server only logs that it is not. */
  private static int freePort(String host, int wanted) {
    try (ServerSocket socket = new ServerSocket(wanted, 1, InetAddress.getByName(host))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(
          "port %d of %s (egression.http.port, egression.http.host) cannot be used: %s"
              .formatted(wanted, host, e),
          e);
    }
  }

  /** Where the API is served. */
  public URI address() {
    return URI.create((tls == null ? "http://" : "https://") + settings.httpHost() + ":" + port);
  }

  /** The file that the first start wrote the first key to. */
  public Path adminKey() {
    return settings.dataDir().resolve(ADMIN_KEY);
  }

  /** How much the safety net has put right: 0 in a healthy run. */
  public long repairs() {
    return sweep == null ? 0 : sweep.repairs();
  }

  /** Counts of what is under way. */
  public ProgressReport reports() {
    return new ProgressReport(database);
  }

  /** Stops: calls in hand end, what was not called goes back to the ledger. */
  @Override
  public void close() {
    try {
      if (!changing.tryLock(START_MOST.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("the hub still starts: what has been started is not stopped");
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    try {
      if (!closed) {
        closed = true;
        stops.forEach(Runnable::run);
      }
    } finally {
      changing.unlock();
    }
  }
}
