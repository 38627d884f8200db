package io.egression.bench.function;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.CamelCli;
import io.egression.connector.Catalogue;
import io.egression.connector.ConnectorFolder;
import io.egression.connector.FilterDefinition;
import io.egression.filter.Filters;
import io.egression.filter.Judgement;
import io.egression.filter.Subject;
import io.egression.job.AccountKey;
import io.egression.job.Action;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** 1,000 accounts that share 20 filters: to read them, as after each edit, and to decide. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FilterFunctions {
  private static final int FILTERS = 20;
  private static final int SUBSCRIPTIONS = 50;
  private static final int CHANNELS = 20;

  private final JsonNode body = body();
  private CamelContext camel;
  private Path folder;
  private Filters filters;
  private Catalogue catalogue;

  private static JsonNode body() {
    try {
      return new ObjectMapper()
          .readTree(
              "{\"status\":\"active\",\"price\":{\"amount\":1250,\"currency\":\"EUR\"},"
                  + "\"categories\":[\"a\",\"b\",\"c\"],\"countries\":[\"de\",\"fr\"]}");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes the files. */
  @Setup
  public void write() throws IOException {
    camel = CamelCli.keptFrom(new DefaultCamelContext());
    camel.start();
    folder = Files.createTempDirectory("filters");
    Files.createDirectories(folder.resolve("filters"));
    Files.createDirectories(folder.resolve("subscriptions"));
    Files.copy(
        Path.of("connectors/http-connector.kamelet.yaml"),
        folder.resolve("http-connector.kamelet.yaml"));
    for (int i = 0; i < FILTERS; i++) {
      String condition =
          switch (i % 3) {
            case 0 -> "jq: .body.price.amount > " + i;
            case 1 -> "jsonpath: \"$.body.countries[?(@ == 'de')]\"";
            default -> "simple: \"${body[body][status]} == 'active'\"";
          };
      Files.writeString(
          folder.resolve("filters/f" + i + ".yaml"),
          "version: 1\nmatch: {all: [{objectType: [product]}, {%s}]}\n".formatted(condition));
    }
    for (int s = 0; s < SUBSCRIPTIONS; s++) {
      StringBuilder accounts = new StringBuilder("channels:\n");
      for (int c = 0; c < CHANNELS; c++) {
        accounts.append(
            "  c%d: {connector: http-connector, filters: [f%d, f%d], parameters: {url: 'http://localhost'}}\n"
                .formatted(
                    c,
                    c % FILTERS,
                    (c + s + 1) % FILTERS == c % FILTERS
                        ? (c + 1) % FILTERS
                        : (c + s + 1) % FILTERS));
      }
      Files.writeString(folder.resolve("subscriptions/s" + s + ".yaml"), accounts);
    }
    filters = new Filters(camel);
    catalogue = readThousandAccounts();
  }

  /** Stops what evaluates the expressions. */
  @TearDown
  public void stop() {
    camel.stop();
  }

  /** As at the start, and after each edit. */
  @Benchmark
  public Catalogue readThousandAccounts() {
    return ConnectorFolder.read(folder, text -> text);
  }

  @Benchmark
  public Judgement judgeByJq() {
    return judge("f0");
  }

  @Benchmark
  public Judgement judgeByJsonpath() {
    return judge("f1");
  }

  @Benchmark
  public Judgement judgeBySimple() {
    return judge("f2");
  }

  private Judgement judge(String id) {
    FilterDefinition filter = catalogue.filters().get(id);
    return filters.judge(
        filter,
        new Subject(new AccountKey("s1", "c1"), "erp", Action.UPDATE, "product", "1", body));
  }
}
