package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.job.Action;
import io.egression.job.Outcome;
import io.egression.job.Outcome.Delivered;
import io.egression.job.Outcome.Pause;
import io.egression.job.Outcome.Rejected;
import io.egression.job.Outcome.Retry;
import io.egression.job.Outcome.Throttled;
import io.egression.limit.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The policies to start from say what the vendors say. */
class PresetsTest {
  private static final Path PRESETS = Path.of("connectors/presets");
  private static final String ENDING = ".connector.yaml";
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");

  @TempDir private Path folder;

  static Stream<String> vendors() throws IOException {
    try (Stream<Path> files = Files.list(PRESETS)) {
      return files
          .map(file -> file.getFileName().toString().replace(ENDING, ""))
          .sorted()
          .toList()
          .stream();
    }
  }

  @Test
  void there_is_one_for_each_vendor() throws IOException {
    assertThat(vendors())
        .containsExactly(
            "adobe-commerce",
            "akeneo",
            "amazon-feeds",
            "amazon-listings",
            "bigcommerce",
            "commercetools",
            "ebay-inventory",
            "shopify-graphql",
            "shopify-rest",
            "woocommerce",
            "zalando");
  }

  @ParameterizedTest
  @MethodSource("vendors")
  void each_is_right_names_its_source_and_its_date(String vendor) throws IOException {
    assertThat(policy(vendor)).isNotEqualTo(Policy.DEFAULT);
    assertThat(Files.readAllLines(file(vendor)))
        .startsWith("# yaml-language-server: $schema=../schemas/connector.schema.json")
        .anyMatch(line -> line.matches("# https://\\S+"))
        .anyMatch(line -> line.matches("# .* As of 20[0-9]{2}-[0-9]{2}\\."));
    assertThat(PRESETS.resolve("../schemas/connector.schema.json")).exists();
  }

  @Test
  void a_folder_with_presets_is_read_as_if_they_were_not_there() {
    Catalogue catalogue =
        ConnectorFolder.read(
            PRESETS.getParent(), text -> text.replaceAll("\\{\\{[^:]*:(.*)}}", "$1"));
    assertThat(catalogue.connectors())
        .doesNotContainKey("shopify-rest")
        .containsKey("http-connector");
  }

  @Test
  void shopify_s_bucket_holds_40_and_refills_with_2_a_second_for_each_store() throws IOException {
    Limit bucket = only("shopify-rest");
    assertThat(bucket.kind()).isEqualTo(Limit.Kind.RATE);
    assertThat(bucket.burst()).isEqualTo(40);
    assertThat(bucket.permits()).isEqualTo(2);
    assertThat(bucket.per()).isEqualTo(Duration.ofSeconds(1));
    assertThat(bucket.scope()).isEqualTo(Limit.Scope.ACCOUNT);
  }

  @Test
  void shopify_s_retry_after_is_a_decimal() throws IOException {
    Answer refused = answer(429, "", "Retry-After", "2.0", "X-Shopify-Shop-Api-Call-Limit", "1/40");
    assertThat(((Throttled) classify("shopify-rest", refused)).after()).hasSeconds(2);
  }

  @ParameterizedTest
  @CsvSource({"shopify-rest, 402", "shopify-rest, 423", "shopify-graphql, 402"})
  void a_store_that_is_frozen_or_locked_is_left_alone(String vendor, int status)
      throws IOException {
    assertThat(classify(vendor, answer(status, ""))).isInstanceOf(Pause.class);
  }

  @Test
  void shopify_s_graphql_is_throttled_with_status_200() throws IOException {
    String body =
        """
        {"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],
         "extensions":{"cost":{"requestedQueryCost":252,"actualQueryCost":null,
           "throttleStatus":{"maximumAvailable":2000,"currentlyAvailable":8,"restoreRate":100}}}}
        """;
    assertThat(graphql(body)).isInstanceOf(Throttled.class);
  }

  @Test
  void shopify_s_graphql_says_other_things_with_status_200_too() throws IOException {
    assertThat(graphql("{\"data\":{\"productUpdate\":{\"product\":{},\"userErrors\":[]}}}"))
        .isInstanceOf(Delivered.class);
    assertThat(graphql("{\"data\":{\"productUpdate\":null}}")).isInstanceOf(Delivered.class);
    assertThat(graphql("{\"data\":{\"a\":{\"userErrors\":[{\"message\":\"Title is empty\"}]}}}"))
        .isInstanceOf(Rejected.class);
    assertThat(graphql("{\"errors\":[{\"message\":\"syntax error\"}]}"))
        .isInstanceOf(Rejected.class);
    assertThat(graphql(error("MAX_COST_EXCEEDED"))).isInstanceOf(Rejected.class);
    assertThat(graphql(error("INTERNAL_SERVER_ERROR"))).isInstanceOf(Retry.class);
    assertThat(graphql(error("ACCESS_DENIED"))).isInstanceOf(Pause.class);
    assertThat(graphql(error("SHOP_INACTIVE"))).isInstanceOf(Pause.class);
  }

  private static String error(String code) {
    return "{\"errors\":[{\"extensions\":{\"code\":\"" + code + "\"}}]}";
  }

  private Outcome graphql(String body) throws IOException {
    return classify("shopify-graphql", answer(200, body));
  }

  @Test
  void woocommerce_allows_25_calls_in_any_10_seconds() throws IOException {
    assertThat(only("woocommerce")).hasToString("writes: 25 calls per 10s");
    assertThat(only("woocommerce").kind()).isEqualTo(Limit.Kind.WINDOW);
    Answer refused =
        answer(
            429,
            "",
            "RateLimit-Remaining",
            "0",
            "RateLimit-Reset",
            String.valueOf(NOW.getEpochSecond() + 30),
            "RateLimit-Retry-After",
            "28");
    assertThat(((Throttled) classify("woocommerce", refused)).after()).hasSeconds(28);
  }

  @Test
  void bigcommerce_allows_150_calls_in_any_30_seconds_and_says_when_they_are_spent()
      throws IOException {
    Limit quota = only("bigcommerce");
    assertThat(quota).hasToString("quota: 150 calls per 30s");
    assertThat(quota.kind()).isEqualTo(Limit.Kind.WINDOW);
    assertThat(quota.scope()).isEqualTo(Limit.Scope.ACCOUNT);
    Answer last =
        answer(200, "", "X-Rate-Limit-Requests-Left", "0", "X-Rate-Limit-Time-Reset-Ms", "15000");
    assertThat(classifier().spent(policy("bigcommerce"), last)).contains(Duration.ofSeconds(15));
  }

  @Test
  void commercetools_publishes_no_limit_and_is_asked_again_if_somebody_else_was_faster()
      throws IOException {
    assertThat(policy("commercetools").allowance().limits()).isEmpty();
    assertThat(classify("commercetools", answer(409, ""))).isInstanceOf(Retry.class);
    Answer refused = answer(429, "", "RateLimit-Reset", "9", "X-RateLimit-Reset", "4");
    assertThat(((Throttled) classify("commercetools", refused)).after()).hasSeconds(4);
  }

  @Test
  void akeneo_takes_4_calls_at_once_from_a_connection_and_10_in_all() throws IOException {
    Policy.Allowance allowance = policy("akeneo").allowance();
    assertThat(allowance.accountConcurrency()).isEqualTo(4);
    assertThat(allowance.connectorConcurrency()).isEqualTo(10);
    assertThat(allowance.limits())
        .extracting(Limit::toString)
        .containsExactly("calls: 100 calls per 1s", "attribute options: 3 calls per 1s");
    assertThat(allowance.limits()).extracting(Limit::scope).containsOnly(Limit.Scope.CONNECTOR);
    Limit options = allowance.limits().get(1);
    assertThat(options.covers(Action.UPDATE, "attribute-option")).isTrue();
    assertThat(options.covers(Action.DELETE, "attribute-option")).isFalse();
    assertThat(options.covers(Action.UPDATE, "product")).isFalse();
  }

  @Test
  void amazon_has_a_bucket_for_each_operation_on_listings() throws IOException {
    List<Limit> limits = policy("amazon-listings").allowance().limits();
    for (Action action : Action.values()) {
      assertThat(limits)
          .filteredOn(limit -> limit.covers(action, "product"))
          .singleElement()
          .satisfies(limit -> assertThat(limit.permits()).isEqualTo(5))
          .satisfies(limit -> assertThat(limit.burst()).isEqualTo(10));
    }
  }

  @Test
  void amazon_takes_15_feeds_at_once_and_then_one_in_two_minutes() throws IOException {
    Limit feeds = policy("amazon-feeds").allowance().limits().get(0);
    assertThat(feeds.permits()).isEqualTo(0.0083);
    assertThat(feeds.per()).isEqualTo(Duration.ofSeconds(1));
    assertThat(feeds.burst()).isEqualTo(15);
    assertThat(feeds.scope()).isEqualTo(Limit.Scope.ACCOUNT);
  }

  @Test
  void ebay_s_day_begins_at_midnight_pacific_time() throws IOException {
    Limit day = only("ebay-inventory");
    assertThat(day.kind()).isEqualTo(Limit.Kind.QUOTA);
    assertThat(day.unit()).isEqualTo("day");
    assertThat(day.zone()).isEqualTo(ZoneId.of("America/Los_Angeles"));
    assertThat(day.scope()).isEqualTo(Limit.Scope.CONNECTOR);
  }

  @Test
  void zalando_counts_calls_and_prices_and_blockers() throws IOException {
    List<Limit> limits = policy("zalando").allowance().limits();
    assertThat(limits)
        .filteredOn(limit -> limit.covers(Action.UPDATE, "price"))
        .extracting(Limit::toString)
        .containsExactly("price calls: 30 calls per 1m", "prices: 8000 objects per 1m");
    assertThat(limits)
        .filteredOn(limit -> limit.covers(Action.DELETE, "blocker"))
        .extracting(Limit::toString)
        .containsExactly("blockers deleted: 6000 objects per 1m");
    assertThat(limits)
        .filteredOn(limit -> limit.covers(Action.CREATE, "product"))
        .extracting(Limit::toString)
        .containsExactly("product submissions: 25 calls per 1s");
  }

  @Test
  void adobe_commerce_has_no_limit_of_calls() throws IOException {
    assertThat(policy("adobe-commerce").allowance().limits()).isEmpty();
    assertThat(policy("adobe-commerce").allowance().breaker()).isNotNull();
  }

  private Limit only(String vendor) throws IOException {
    List<Limit> limits = policy(vendor).allowance().limits();
    assertThat(limits).hasSize(1);
    return limits.get(0);
  }

  /** Read as an integration team's: beside a Kamelet, without a fault. */
  private Policy policy(String vendor) throws IOException {
    String kamelet =
        Files.readString(Path.of("connectors/http-connector.kamelet.yaml"))
            .replace("name: http-connector", "name: " + vendor);
    Files.writeString(folder.resolve(vendor + ".kamelet.yaml"), kamelet);
    Files.writeString(folder.resolve(vendor + ENDING), Files.readString(file(vendor)));
    Catalogue catalogue = ConnectorFolder.read(folder, text -> text);
    return catalogue.connectors().get(vendor).policy();
  }

  private static Path file(String vendor) {
    return PRESETS.resolve(vendor + ENDING);
  }

  private Outcome classify(String vendor, Answer answer) throws IOException {
    return classifier().classify(policy(vendor), answer, Classifier.Past.NONE);
  }

  private static Classifier classifier() {
    return new Classifier(Clock.fixed(NOW, ZoneOffset.UTC), new Random(1));
  }

  private static Answer answer(int status, String body, String... namesAndValues) {
    Map<String, String> headers = new HashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return new Answer(status, Answer.Headers.of(headers), body, null, List.of("1"));
  }
}
