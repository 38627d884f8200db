package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.connector.VendorHeaders.Form;
import io.egression.job.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every form in which a connector says when it may be called again; each row names its source. */
class VendorHeadersTest {
  private static final Instant NOW = Instant.parse("2026-11-25T12:00:00Z");
  private static final long SECONDS = NOW.getEpochSecond();
  private static final long MILLIS = NOW.toEpochMilli();

  private static final String RFC = "RFC 9110, 10.2.3: ";
  private static final String DRAFT_11 = "draft-ietf-httpapi-ratelimit-headers-11: ";
  private static final String DRAFT_7 = "draft-ietf-httpapi-ratelimit-headers-07: ";
  private static final String DRAFT_6 = "draft-ietf-httpapi-ratelimit-headers-06: ";
  private static final String SHOPIFY = "shopify.dev, REST rate limits: ";
  private static final String WOOCOMMERCE = "developer.woocommerce.com, Store API rate limiting: ";
  private static final String BIGCOMMERCE = "docs.bigcommerce.com, rate limits: ";
  private static final String COMMERCETOOLS = "commercetools' SDKs: ";
  private static final String ZALANDO = "developers.merchants.zalando.com, rate limiting: ";
  private static final String IN_THE_WILD = "seen, in no standard: ";

  /** Headers and the wait they ask for; null: none. */
  private record Row(String name, @Nullable Duration after, Map<String, String> headers) {
    @Override
    public String toString() {
      return name;
    }

    Answer answer(int status) {
      return new Answer(status, Answer.Headers.of(headers), "", null, List.of("1"));
    }
  }

  private static Row row(String name, @Nullable Duration after, Object... namesAndValues) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      headers.put((String) namesAndValues[i], String.valueOf(namesAndValues[i + 1]));
    }
    return new Row(name, after, headers);
  }

  private static Duration s(long seconds) {
    return Duration.ofSeconds(seconds);
  }

  static Stream<Row> retryAfter() {
    String header = "Retry-After";
    return Stream.of(
        row(RFC + "seconds", s(120), header, "120"),
        row(RFC + "a name in any case", s(120), "retry-after", "120"),
        row(RFC + "an HTTP date", s(90), header, "Wed, 25 Nov 2026 12:01:30 GMT"),
        row(RFC + "the date of RFC 850", s(90), header, "Wednesday, 25-Nov-26 12:01:30 GMT"),
        row(RFC + "the date of asctime", s(90), header, "Wed Nov 25 12:01:30 2026"),
        row(RFC + "zero", null, header, "0"),
        row(RFC + "now", null, header, "Wed, 25 Nov 2026 12:00:00 GMT"),
        row(RFC + "past", null, header, "Fri, 31 Dec 1999 23:59:59 GMT"),
        row(SHOPIFY + "a decimal", s(2), header, "2.0"),
        row(ZALANDO + "with a limit beside it", s(3), header, "3", "X-Rate-Limit", "25"),
        row(IN_THE_WILD + "less than a second", Duration.ofMillis(250), header, "0.25"),
        row(IN_THE_WILD + "negative", null, header, "-5"),
        row(IN_THE_WILD + "garbage", null, header, "soon"),
        row(IN_THE_WILD + "empty", null, header, ""),
        row(IN_THE_WILD + "twice", null, header, "120, 120"),
        row(IN_THE_WILD + "huge", Duration.ofDays(36_500), header, "9".repeat(40)),
        row(WOOCOMMERCE + "a name of its own", s(28), "RateLimit-Retry-After", "28"),
        row(
            WOOCOMMERCE + "after the standard's",
            s(5),
            "RateLimit-Retry-After",
            "28",
            "Retry-After",
            "5"),
        row(
            WOOCOMMERCE + "instead of a standard one that is garbage",
            s(28),
            "RateLimit-Retry-After",
            "28",
            "Retry-After",
            "soon"));
  }

  @ParameterizedTest
  @MethodSource("retryAfter")
  void a_failure_may_say_when_to_come_again(Row row) {
    assertThat(VendorHeaders.STANDARD.retryAfter(row.answer(503), NOW))
        .isEqualTo(Optional.ofNullable(row.after));
  }

  @ParameterizedTest
  @MethodSource("retryAfter")
  void so_may_a_refusal(Row row) {
    assertThat(VendorHeaders.STANDARD.untilReset(row.answer(429), NOW))
        .isEqualTo(Optional.ofNullable(row.after));
  }

  @ParameterizedTest
  @MethodSource("rateLimit")
  void a_failure_for_another_reason_does_not_wait_for_a_limit(Row row) {
    assertThat(VendorHeaders.STANDARD.retryAfter(row.answer(503), NOW)).isEmpty();
  }

  /** Of a refusal that has this field. */
  static Stream<Row> rateLimit() {
    String header = "RateLimit";
    return Stream.of(
        row(DRAFT_11 + "4.2, first example", s(30), header, "\"default\";r=50;t=30"),
        row(DRAFT_11 + "4.2, no window", null, header, "\"default\";r=999;pk=:dHJpYWwxMjEzMjM=:"),
        row(
            DRAFT_11 + "4.2, partition key after the window",
            s(60),
            header,
            "\"default\";r=300000000;t=60;pk=:QXBwLTk5OQ==:"),
        row(DRAFT_11 + "6, nothing left", s(10), header, "\"problemPolicy\";r=0;t=10"),
        row(DRAFT_11 + "partition key first", s(10), header, "\"a\";pk=:QXB+/w==:;r=0;t=10"),
        row(DRAFT_11 + "parameters the other way round", s(10), header, "\"a\";t=10;r=0"),
        row(DRAFT_11 + "a vendor's own parameters", s(10), header, "\"a\";r=0;acme-t=7;t=10;x"),
        row(DRAFT_11 + "a vendor's own text", s(10), header, "\"a\";acme-x=\";t=99\";r=0;t=10"),
        row(DRAFT_11 + "spaces", s(10), header, " \"a\"; r=0;  t=10 "),
        row(
            DRAFT_11 + "the longest of those spent",
            s(3600),
            header,
            "\"second\";r=0;t=1,\"hour\";r=0;t=3600, \"day\";r=7;t=80000"),
        row(
            DRAFT_11 + "the shortest if none is spent",
            s(1),
            header,
            "\"day\";r=900;t=80000, \"second\";r=3;t=1"),
        row(DRAFT_11 + "a name with a comma", s(10), header, "\"a, b\";r=0;t=10"),
        row(DRAFT_11 + "a name with a semicolon", s(30), header, "\"a;r=0;t=99;\";r=5;t=30"),
        row(DRAFT_11 + "a name like another item", s(30), header, "\"a;r=0;t=99,b\";r=5;t=30"),
        row(DRAFT_11 + "a name with a quote", s(10), header, "\"a\\\";r=5;t=99\\\\\";r=0;t=10"),
        row(DRAFT_11 + "a name of 60,000 letters", s(10), header, longName() + ";r=0;t=10"),
        row(DRAFT_11 + "a window that is over", null, header, "\"a\";r=0;t=0"),
        row(DRAFT_11 + "as long as an integer may be", s(999_999_999_999_999L), header, most("9")),
        row(DRAFT_11 + "7, malformed: longer", null, header, most("99")),
        row(DRAFT_11 + "7, malformed: a quote that does not end", null, header, "\"a;r=0;t=10"),
        row(DRAFT_11 + "7, malformed: at its end", null, header, "\"a\";r=0;t=10, "),
        row(DRAFT_11 + "7, malformed: no comma", null, header, "\"a\";r=0;t=10 \"b\";r=0;t=20"),
        row(DRAFT_11 + "7, malformed: negative", null, header, "\"a\";r=0;t=-10"),
        row(DRAFT_11 + "7, malformed: no number", null, header, "\"a\";r=0;t=soon"),
        row(DRAFT_11 + "7, malformed: without what is left", null, header, "\"a\";t=10"),
        row(DRAFT_11 + "7, malformed: empty", null, header, ""),
        row(DRAFT_11 + "a name without quotes, as in draft 8", s(10), header, "default;r=0;t=10"),
        row(DRAFT_7 + "4, a dictionary", s(50), header, "limit=100, remaining=50, reset=50"),
        row(DRAFT_7 + "nothing left", s(5), header, "limit=100,remaining=0,reset=5"),
        row(DRAFT_7 + "in another order", s(5), header, "reset=5, limit=100, remaining=0"),
        row(DRAFT_7 + "with a parameter", s(5), header, "limit=10;w=60, remaining=0, reset=5;x=1"),
        row(DRAFT_7 + "no reset", null, header, "limit=100, remaining=0"),
        row(DRAFT_7 + "malformed", null, header, "limit=100; remaining=0; reset=5"));
  }

  private static String longName() {
    return "\"" + "a\\\"".repeat(20_000) + "\"";
  }

  private static String most(String more) {
    return "\"a\";r=0;t=" + "9".repeat(14) + more;
  }

  /** Of a refusal that has the older headers. */
  static Stream<Row> resets() {
    String header = "X-RateLimit-Reset";
    return Stream.of(
        row(DRAFT_6 + "3 fields", s(50), three("RateLimit-", "100", "50", "50")),
        row(DRAFT_6 + "nothing left", s(5), three("RateLimit-", "100", "0", "5")),
        row(DRAFT_6 + "over", null, three("RateLimit-", "100", "0", "0")),
        row(DRAFT_6 + "negative", null, three("RateLimit-", "100", "0", "-5")),
        row(
            DRAFT_6 + "a policy beside it",
            s(5),
            "RateLimit-Policy",
            "100;w=60",
            "RateLimit-Limit",
            "100, 100;w=60",
            "RateLimit-Reset",
            "5"),
        row(IN_THE_WILD + "seconds from now", s(17), header, "17"),
        row(IN_THE_WILD + "a part of a second", Duration.ofMillis(1500), header, "1.4999"),
        row(IN_THE_WILD + "seconds since 1970", s(90), header, SECONDS + 90),
        row(IN_THE_WILD + "with decimals", Duration.ofMillis(90_500), header, SECONDS + 90 + ".5"),
        row(IN_THE_WILD + "milliseconds since 1970", s(90), header, MILLIS + 90_000),
        row(IN_THE_WILD + "a date by ISO 8601", s(90), header, "2026-11-25T12:01:30Z"),
        row(IN_THE_WILD + "with a part of a second", s(90), header, "2026-11-25T12:01:30.000Z"),
        row(IN_THE_WILD + "in another zone", s(90), header, "2026-11-25T13:01:30+01:00"),
        row(IN_THE_WILD + "an HTTP date", s(90), header, "Wed, 25 Nov 2026 12:01:30 GMT"),
        row(IN_THE_WILD + "seconds since 1970, past", null, header, SECONDS - 1),
        row(IN_THE_WILD + "milliseconds since 1970, past", null, header, MILLIS - 1),
        row(IN_THE_WILD + "a date by ISO 8601, past", null, header, "2026-11-25T11:59:59Z"),
        row(IN_THE_WILD + "a year, taken as seconds", s(31_536_000), header, "31536000"),
        row(IN_THE_WILD + "huge", Duration.ofDays(36_500), header, "9".repeat(40)),
        row(IN_THE_WILD + "garbage", null, header, "1 minute"),
        row(IN_THE_WILD + "empty", null, header, " "),
        row(IN_THE_WILD + "with one dash more", s(17), "X-Rate-Limit-Reset", "17"),
        row(WOOCOMMERCE + "seconds since 1970", s(28), "RateLimit-Reset", SECONDS + 28),
        row(
            WOOCOMMERCE + "the example",
            s(28),
            "RateLimit-Limit",
            "5",
            "RateLimit-Remaining",
            "0",
            "RateLimit-Reset",
            SECONDS + 30,
            "RateLimit-Retry-After",
            "28"),
        row(BIGCOMMERCE + "the example", s(15), "X-Rate-Limit-Time-Reset-Ms", "15000"),
        row(BIGCOMMERCE + "over", null, "X-Rate-Limit-Time-Reset-Ms", "0"),
        row(
            BIGCOMMERCE + "milliseconds, never a time since 1970",
            s(1_795_000_000),
            "X-Rate-Limit-Time-Reset-Ms",
            "1795000000000"),
        row(
            BIGCOMMERCE + "all four",
            Duration.ofMillis(20_649),
            "X-Rate-Limit-Requests-Left",
            "447",
            "X-Rate-Limit-Time-Reset-Ms",
            "20649",
            "X-Rate-Limit-Requests-Quota",
            "450",
            "X-Rate-Limit-Time-Window-Ms",
            "30000"),
        row("developer-docs.amazon.com: a rate, no time", null, "x-amzn-RateLimit-Limit", "5.0"),
        row("shopify.dev: a level, no time", null, "X-Shopify-Shop-Api-Call-Limit", "40/40"),
        row("no header", null));
  }

  private static Object[] three(String prefix, String limit, String remaining, String reset) {
    return new Object[] {
      prefix + "Limit", limit, prefix + "Remaining", remaining, prefix + "Reset", reset
    };
  }

  /** Of a refusal that has several. */
  static Stream<Row> precedence() {
    return Stream.of(
        row(
            DRAFT_11 + "7, Retry-After before RateLimit",
            s(3),
            "RateLimit",
            "\"a\";r=0;t=10",
            "Retry-After",
            "3"),
        row(
            COMMERCETOOLS + "Retry-After before all",
            s(3),
            "RateLimit-Reset",
            "1",
            "X-RateLimit-Reset",
            "2",
            "Retry-After",
            "3"),
        row(
            COMMERCETOOLS + "X-RateLimit-Reset before RateLimit-Reset",
            s(2),
            "RateLimit-Reset",
            "1",
            "X-RateLimit-Reset",
            "2"),
        row(
            COMMERCETOOLS + "what is garbage is passed over",
            s(1),
            "RateLimit-Reset",
            "1",
            "X-RateLimit-Reset",
            "soon",
            "Retry-After",
            "-3"),
        row(
            DRAFT_11 + "RateLimit before the fields of draft 6",
            s(10),
            "RateLimit",
            "\"a\";r=0;t=10",
            "RateLimit-Reset",
            "60"),
        row(
            DRAFT_11 + "a malformed one is passed over",
            s(60),
            "RateLimit",
            "\"a;r=0;t=10",
            "RateLimit-Reset",
            "60"),
        row(
            DRAFT_11 + "7, RateLimit-Policy informs only",
            s(10),
            "RateLimit-Policy",
            "\"permin\";q=50;w=60,\"perhr\";q=1000;w=3600;pk=:cHsdsRa894==:",
            "RateLimit",
            "\"permin\";r=0;t=10"),
        row(
            DRAFT_11 + "3.2, RateLimit-Policy alone says no time",
            null,
            "RateLimit-Policy",
            "\"peruser\";q=65535;qu=\"content-bytes\";w=10;pk=:sdfjLJUOUH==:"));
  }

  static Stream<Row> refusals() {
    return Stream.of(rateLimit(), resets(), precedence()).flatMap(rows -> rows);
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void a_refusal_says_when_there_are_calls_again(Row row) {
    assertThat(VendorHeaders.STANDARD.untilReset(row.answer(429), NOW))
        .isEqualTo(Optional.ofNullable(row.after));
  }

  static Stream<Row> successes() {
    return Stream.of(
        row(DRAFT_11 + "nothing left", s(10), "RateLimit", "\"a\";r=0;t=10"),
        row(DRAFT_11 + "7, one left", null, "RateLimit", "\"default\";r=1;t=7"),
        row(DRAFT_11 + "nothing left, no window", null, "RateLimit", "\"a\";r=0"),
        row(
            DRAFT_11 + "only those spent count",
            s(10),
            "RateLimit",
            "\"a\";r=0;t=10, \"b\";r=1;t=99, \"c\";r=0;t=5"),
        row(DRAFT_11 + "a name that looks spent", null, "RateLimit", "\"a;r=0;t=9;\";r=5;t=30"),
        row(
            DRAFT_11 + "7, Retry-After before RateLimit",
            s(30),
            "RateLimit",
            "\"a\";r=0;t=10",
            "Retry-After",
            "30"),
        row(RFC + "Retry-After alone says nothing of a success", null, "Retry-After", "30"),
        row(DRAFT_7 + "nothing left", s(5), "RateLimit", "limit=100, remaining=0, reset=5"),
        row(DRAFT_7 + "some left", null, "RateLimit", "limit=100, remaining=50, reset=5"),
        row(DRAFT_6 + "nothing left", s(5), three("RateLimit-", "100", "0", "5")),
        row(DRAFT_6 + "some left", null, three("RateLimit-", "100", "50", "5")),
        row(IN_THE_WILD + "nothing left", s(5), three("X-RateLimit-", "100", "0", "5")),
        row(IN_THE_WILD + "0.0 left", s(5), three("X-RateLimit-", "100", " 0.0 ", "5")),
        row(IN_THE_WILD + "one dash more", s(5), three("X-Rate-Limit-", "100", "0", "5")),
        row(IN_THE_WILD + "-1 left: no limit", null, three("X-RateLimit-", "-1", "-1", "5")),
        row(IN_THE_WILD + "no number left", null, three("X-RateLimit-", "100", "none", "5")),
        row(IN_THE_WILD + "over by now", null, three("X-RateLimit-", "9", "0", "" + SECONDS)),
        row(
            WOOCOMMERCE + "the last one",
            s(28),
            three("RateLimit-", "5", "0", "" + (SECONDS + 28))),
        row(
            BIGCOMMERCE + "the last one",
            s(15),
            "X-Rate-Limit-Requests-Left",
            "0",
            "X-Rate-Limit-Time-Reset-Ms",
            "15000"),
        row(
            BIGCOMMERCE + "some left",
            null,
            "X-Rate-Limit-Requests-Left",
            "447",
            "X-Rate-Limit-Time-Reset-Ms",
            "20649"),
        row(IN_THE_WILD + "nothing left, no time", null, "X-RateLimit-Remaining", "0"),
        row("no header", null));
  }

  @ParameterizedTest
  @MethodSource("successes")
  void a_success_says_that_it_was_the_last_one_for_now(Row row) {
    assertThat(VendorHeaders.STANDARD.whenSpent(row.answer(200), NOW))
        .isEqualTo(Optional.ofNullable(row.after));
  }

  /** What a policy may name, in each way. */
  private record Named(Form form, String value, @Nullable Duration after) {}

  static Stream<Named> named() {
    return Stream.of(
        new Named(Form.AUTO, "17", s(17)),
        new Named(Form.AUTO, "" + (SECONDS + 90), s(90)),
        new Named(Form.AUTO, "" + (MILLIS + 90_000), s(90)),
        new Named(Form.AUTO, "2026-11-25T12:01:30Z", s(90)),
        new Named(Form.AUTO, "Wed, 25 Nov 2026 12:01:30 GMT", s(90)),
        new Named(Form.SECONDS, "17.5", Duration.ofMillis(17_500)),
        new Named(Form.SECONDS, "200000000", s(200_000_000)),
        new Named(Form.SECONDS, "9".repeat(18), Duration.ofDays(36_500)),
        new Named(Form.SECONDS, "2026-11-25T12:01:30Z", null),
        new Named(Form.MILLIS, "1500", Duration.ofMillis(1500)),
        new Named(Form.MILLIS, "1500.1", Duration.ofMillis(1501)),
        new Named(Form.MILLIS, "9".repeat(60), Duration.ofDays(36_500)),
        new Named(Form.MILLIS, "soon", null),
        new Named(Form.EPOCH_SECONDS, "" + (SECONDS + 90), s(90)),
        new Named(Form.EPOCH_SECONDS, "17", null), // in 1970
        new Named(Form.EPOCH_SECONDS, "9".repeat(18), Duration.ofDays(36_500)),
        new Named(Form.EPOCH_MILLIS, "" + (MILLIS + 90_000), s(90)),
        new Named(Form.EPOCH_MILLIS, "" + (SECONDS + 90), null), // in 1970
        new Named(Form.DATE, "2026-11-25T12:01:30Z", s(90)),
        new Named(Form.DATE, "Wed, 25 Nov 2026 12:01:30 GMT", s(90)),
        new Named(Form.DATE, "17", null),
        new Named(Form.DATE, "soon", null));
  }

  @ParameterizedTest
  @MethodSource("named")
  void a_policy_names_a_header_and_how_it_is_written(Named named) {
    VendorHeaders headers = new VendorHeaders("x-left", "x-again", named.form);
    Row row = row("", named.after, "X-Left", "0", "X-Again", named.value);
    assertThat(headers.untilReset(row.answer(429), NOW)).isEqualTo(Optional.ofNullable(row.after));
    assertThat(headers.whenSpent(row.answer(200), NOW)).isEqualTo(Optional.ofNullable(row.after));
  }

  @Test
  void a_header_that_a_policy_names_comes_before_all_others() {
    VendorHeaders headers = new VendorHeaders(null, "X-Again", Form.AUTO);
    Row row = row("", null, "Retry-After", "3", "RateLimit", "\"a\";r=0;t=10", "X-Again", "60");
    assertThat(headers.untilReset(row.answer(429), NOW)).contains(s(60));
    assertThat(headers.whenSpent(row.answer(200), NOW)).contains(s(60));
    Row garbage = row("", null, "Retry-After", "3", "X-Again", "soon");
    assertThat(headers.untilReset(garbage.answer(429), NOW)).contains(s(3));
  }

  @Test
  void the_calls_left_that_a_policy_names_are_looked_at_instead_of_the_usual_ones() {
    VendorHeaders headers = new VendorHeaders("x-remaining-today", null, Form.AUTO);
    Row left = row("", null, "X-Remaining-Today", "7", "X-RateLimit-Remaining", "0");
    left.headers.put("X-RateLimit-Reset", "60");
    assertThat(headers.whenSpent(left.answer(200), NOW)).isEmpty();
    left.headers.put("X-Remaining-Today", "0");
    assertThat(headers.whenSpent(left.answer(200), NOW)).contains(s(60));
  }

  static Stream<Row> longWaits() {
    Duration most = Duration.ofHours(1);
    return Stream.of(
        row("no longer than the most", s(3599), "Retry-After", "3599"),
        row("Retry-After", most, "Retry-After", "9".repeat(40)),
        row("RateLimit", most, "RateLimit", "\"a\";r=0;t=86400"),
        row("the older fields", most, "RateLimit-Remaining", "0", "RateLimit-Reset", "86400"),
        row("a date", most, "RateLimit-Remaining", "0", "RateLimit-Reset", "9999-12-31T23:59:59Z"),
        row("a named one", most, "X-Left", "0", "X-Again", "9".repeat(40)));
  }

  @ParameterizedTest
  @MethodSource("longWaits")
  void what_is_longer_than_a_policy_allows_is_cut(Row row) {
    Classifier classifier = new Classifier(Clock.fixed(NOW, ZoneOffset.UTC), new Random(1));
    boolean named = row.headers.containsKey("X-Left");
    Policy standard = Policy.DEFAULT;
    Policy policy =
        new Policy(
            standard.allowance(),
            standard.retry(),
            standard.timeouts(),
            named ? new VendorHeaders("X-Left", "X-Again", Form.SECONDS) : standard.headers(),
            Duration.ofHours(1),
            standard.removed(),
            List.of());
    Outcome refused = classifier.classify(policy, row.answer(429), Classifier.Past.NONE);
    assertThat(((Outcome.Throttled) refused).after()).isEqualTo(row.after);
    if (!row.headers.containsKey("Retry-After")) {
      assertThat(classifier.spent(policy, row.answer(200))).contains(row.after);
    }
  }
}
