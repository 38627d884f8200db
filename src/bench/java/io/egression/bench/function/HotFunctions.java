package io.egression.bench.function;

import io.egression.connector.Answer;
import io.egression.connector.Backoff;
import io.egression.connector.Catalogue;
import io.egression.connector.Classifier;
import io.egression.connector.ConnectorFolder;
import io.egression.connector.Policy;
import io.egression.connector.RetryAfter;
import io.egression.job.AccountKey;
import io.egression.job.Outcome;
import io.egression.ledger.PermitLedger.Rule;
import io.egression.limit.Limit;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What is computed for each call, with the policies as shipped. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class HotFunctions {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final AccountKey ACCOUNT = new AccountKey("acme", "shop");

  private final Classifier classifier =
      new Classifier(Clock.systemUTC(), RandomGenerator.getDefault());
  private final RandomGenerator random = RandomGenerator.getDefault();
  private final Policy http = policy("http-connector");
  private final Policy graphql = policy("graphql-connector");
  private final Limit limit =
      policy("marketplace-connector").allowance().limits().iterator().next();
  private final Answer taken = answer(200, Map.of(), "{\"message\":\"accepted\"}");
  private final Answer busy = answer(429, Map.of("Retry-After", "2"), "");
  private final Answer throttled =
      answer(
          200,
          Map.of(),
          "{\"errors\":[{\"message\":\"\",\"extensions\":{\"code\":\"THROTTLED\"}}]}");

  private static Policy policy(String connector) {
    Catalogue catalogue =
        ConnectorFolder.read(
            Path.of("connectors"), text -> text.replaceAll("\\{\\{.*?}}", "http://localhost"));
    return catalogue.connectors().get(connector).policy();
  }

  private static Answer answer(int status, Map<String, String> headers, String body) {
    Answer.Headers found = name -> headers.get(name);
    return new Answer(status, found, body, null, List.of("1"));
  }

  /** A 200 under the default rules. */
  @Benchmark
  public Outcome classifyDelivered() {
    return classifier.classify(http, taken, Classifier.Past.NONE);
  }

  /** A 429 that says when to come again. */
  @Benchmark
  public Outcome classifyThrottled() {
    return classifier.classify(http, busy, Classifier.Past.NONE);
  }

  /** A 200 whose body is looked at by jq. */
  @Benchmark
  public Outcome classifyByBody() {
    return classifier.classify(graphql, throttled, Classifier.Past.NONE);
  }

  @Benchmark
  public Rule limitRule() {
    return limit.rule("marketplace-connector", ACCOUNT, 1);
  }

  @Benchmark
  public Duration backoff() {
    return Backoff.DEFAULT.delay(4, random);
  }

  @Benchmark
  public Optional<Duration> retryAfterDate() {
    return RetryAfter.parse("Thu, 01 Jan 2026 00:02:00 GMT", NOW);
  }
}
