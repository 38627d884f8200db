package io.egression.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.intake.Overview.ConnectorView;
import io.egression.intake.Overview.View;
import io.egression.ledger.LedgerAwayException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /v1/events}: server-sent events of how everything stands. The first event, {@code
 * overview}, has everything; each {@code change} after it has the connectors and accounts that are
 * not as they were. A reader that is too slow gets fewer events, each of them right. Thread safe.
 */
public final class OverviewStream implements AutoCloseable {
  /** Where it is. */
  public static final String PATH = "/v1/events";

  private static final Logger LOG = LoggerFactory.getLogger(OverviewStream.class);
  private static final Duration PERIOD = Duration.ofSeconds(2);
  private static final int QUIET_MOST = 7;
  private static final int MOST = 100;

  private final Overview overview;
  private final Function<String, Caller> callers;
  private final ObjectMapper json;
  private final Set<Reader> readers = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "egression-events");
            thread.setDaemon(true);
            return thread;
          });

  /** One request; used by the timer's thread only. */
  private static final class Reader {
    final String key;
    final HttpServerResponse response;
    final Map<String, ConnectorView> known = new HashMap<>();
    boolean greeted;
    int quiet;

    Reader(String key, HttpServerResponse response) {
      this.key = key;
      this.response = response;
    }
  }

  /**
   * @param callers finds the caller by its key's id; throws if the key was revoked
   */
  public OverviewStream(Overview overview, Function<String, Caller> callers, ObjectMapper json) {
    this.overview = overview;
    this.callers = callers;
    this.json = json;
  }

  /** Serves it behind the router's gate. */
  public void serve(Router router) {
    router.route(HttpMethod.GET, PATH).order(-1).handler(this::open);
    timer.scheduleWithFixedDelay(
        this::tellAll, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void open(RoutingContext context) {
    HttpServerResponse response = context.response();
    if (readers.size() >= MOST) {
      response.setStatusCode(503).putHeader("Content-Type", Problem.MEDIA_TYPE);
      response.putHeader("Retry-After", "30");
      response.end(write(Problem.of(503, "too-many-readers", "Too many read along already", null)));
      return;
    }
    Reader reader = new Reader(context.user().principal().getString("username"), response);
    response
        .setChunked(true)
        .putHeader("Content-Type", "text/event-stream")
        .putHeader("Cache-Control", "no-store")
        .putHeader("X-Accel-Buffering", "no");
    response.closeHandler(closed -> readers.remove(reader));
    response.exceptionHandler(fault -> readers.remove(reader));
    response.write("retry: 5000\n\n");
    readers.add(reader);
    timer.execute(() -> tell(reader));
  }

  private void tellAll() {
    readers.forEach(this::tell);
  }

  private void tell(Reader reader) {
    try {
      Caller caller = callers.apply(reader.key);
      if (!reader.response.writeQueueFull()) {
        tell(reader, overview.view(caller));
      }
    } catch (LedgerAwayException e) {
      reader.response.write(": the ledger is away\n\n");
    } catch (RuntimeException e) { // the key was revoked, or the connection is gone
      LOG.debug("a reader of {} is let go: {}", PATH, e.getMessage());
      readers.remove(reader);
      end(reader);
    }
  }

  private void tell(Reader reader, View view) {
    if (!reader.greeted) {
      reader.greeted = true;
      send(reader, "overview", view);
    } else {
      List<ConnectorView> changed = changed(reader, view);
      if (!changed.isEmpty()) {
        send(reader, "change", new View(view.at(), changed));
      } else if (reader.quiet++ >= QUIET_MOST) {
        reader.quiet = 0;
        reader.response.write(": nothing new\n\n"); // so that nobody between takes it for dead
      }
    }
    reader.known.clear();
    view.connectors().forEach(connector -> reader.known.put(connector.connector(), connector));
  }

  private static List<ConnectorView> changed(Reader reader, View view) {
    List<ConnectorView> changed = new ArrayList<>();
    for (ConnectorView now : view.connectors()) {
      ConnectorView before = reader.known.get(now.connector());
      if (!now.equals(before)) {
        Set<AccountView> same = before == null ? Set.of() : new HashSet<>(before.accounts());
        changed.add(
            new ConnectorView(
                now.connector(),
                now.state(),
                now.text(),
                now.until(),
                now.backlog(),
                now.accounts().stream().filter(account -> !same.contains(account)).toList()));
      }
    }
    return changed;
  }

  private void send(Reader reader, String event, View view) {
    reader.quiet = 0;
    reader.response.write("event: " + event + "\ndata: " + write(view) + "\n\n");
  }

  private String write(Object body) {
    try {
      return json.writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void end(Reader reader) {
    if (!reader.response.ended() && !reader.response.closed()) {
      reader.response.end();
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
    readers.forEach(OverviewStream::end);
    readers.clear();
  }
}
