package io.egression.demo;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import io.egression.demo.SampleChannel.Call;
import io.egression.demo.SampleChannel.Manners;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleChannelTest {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final Instant START = Instant.parse("2026-03-01T08:00:00Z");
  private static final String ENVELOPE =
      """
      {"job": "0197", "attempt": 1, "subscription": "nordwind", "source": "erp",
       "channel": "webshop-de", "action": "update", "objectType": "product",
       "objects": [{"id": "A 12/34", "body": {"name": "Zeltstangensegment"}},
                   {"id": "KÜ/4011", "body": {"name": "抹茶碗"}}]}
      """;

  private final SettableClock clock = new SettableClock();
  private final List<SampleChannel> open = new ArrayList<>();

  @AfterEach
  void stop() {
    open.forEach(SampleChannel::close);
  }

  @Test
  void a_web_shop_accepts_everything() {
    SampleChannel shop = channel(Manners.webShop());
    assertThat(callsAtOnce(shop, 100)).containsOnly(200);
    assertThat(shop.calls()).extracting(Call::status).hasSize(100).containsOnly(200);
  }

  @Test
  void a_call_is_logged_with_its_time_headers_status_and_objects() {
    SampleChannel shop = channel(Manners.webShop());
    clock.advance(Duration.ofSeconds(5));
    HttpRequest request =
        request(shop, ENVELOPE, "0197")
            .header("Egression-Partition", "prices")
            .header("Egression-Place", "42")
            .build();
    HttpResponse<String> answer = send(request).join();
    assertThat(answer.body()).isEqualTo("{\"message\":\"accepted\"}");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(shop.calls())
        .containsExactly(
            new Call(
                START.plusSeconds(5),
                "0197",
                "prices",
                "42",
                200,
                "product",
                List.of("A 12/34", "KÜ/4011")));
  }

  @Test
  void accepted_objects_are_remembered_until_they_are_deleted() {
    SampleChannel shop = channel(Manners.webShop());
    post(shop, ENVELOPE, "1");
    assertThat(shop.received())
        .isEqualTo(
            Map.of(
                "product",
                Map.of(
                    "A 12/34",
                    "{\"name\":\"Zeltstangensegment\"}",
                    "KÜ/4011",
                    "{\"name\":\"抹茶碗\"}")));
    String deletion = ENVELOPE.replace("update", "delete").replaceAll(", \"body\": \\{[^}]*}", "");
    assertThat(post(shop, deletion, "2").statusCode()).isEqualTo(200);
    assertThat(shop.received()).isEqualTo(Map.of("product", Map.of()));
  }

  @Test
  void repeated_idempotency_keys_are_counted() {
    SampleChannel shop = channel(Manners.webShop());
    List.of("a", "b", "a", "a", "c").forEach(key -> post(shop, ENVELOPE, key));
    assertThat(shop.repeatedKeys()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"job", "attempt", "subscription", "source", "channel", "action", "objectType"})
  void an_envelope_without_one_of_its_fields_is_answered_with_400_and_its_name(String field) {
    SampleChannel shop = channel(Manners.webShop());
    HttpResponse<String> answer =
        post(shop, ENVELOPE.replace("\"" + field + "\"", "\"other\""), "1");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).startsWith("{\"message\":\"" + field + " must be ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "not JSON",
        "{\"job\": \"0197\"",
        "VALID trailing",
        "objects: {}",
        "objects: []",
        "objects: [{\"body\": {}}]",
        "objects: [{\"id\": \"1\"}]",
        "action: explode"
      })
  void a_body_that_is_no_envelope_is_answered_with_400_and_logged(String fault) {
    SampleChannel shop = channel(Manners.webShop());
    String body =
        fault.startsWith("objects: ")
            ? ENVELOPE.replaceAll("(?s)\"objects\": \\[.*]", "\"objects\": " + fault.substring(9))
            : fault.startsWith("action: ")
                ? ENVELOPE.replace("update", fault.substring(8))
                : fault.replace("VALID", ENVELOPE);
    assertThat(post(shop, body, "1").statusCode()).isEqualTo(400);
    assertThat(shop.calls()).containsExactly(new Call(START, "1", "", "", 400, "", List.of()));
    assertThat(shop.received()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "DELETE", "HEAD"})
  void any_method_but_post_is_answered_with_405_and_not_logged(String method) {
    SampleChannel shop = channel(Manners.webShop());
    HttpRequest request =
        HttpRequest.newBuilder(shop.uri()).method(method, BodyPublishers.noBody()).build();
    HttpResponse<String> answer = send(request).join();
    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("POST");
    assertThat(shop.calls()).isEmpty();
  }

  @Test
  void a_marketplace_accepts_exactly_20_of_many_calls_at_one_instant() {
    SampleChannel marketplace = channel(Manners.marketplace());
    assertThat(countByStatus(callsAtOnce(marketplace, 64))).isEqualTo(Map.of(200, 20L, 429, 44L));
  }

  @Test
  void a_marketplace_accepts_again_when_a_second_has_passed_and_not_before() {
    SampleChannel marketplace = channel(Manners.marketplace());
    callsAtOnce(marketplace, 21);
    clock.advance(Duration.ofMillis(999));
    assertThat(callsAtOnce(marketplace, 8)).containsOnly(429);
    clock.advance(Duration.ofMillis(1));
    assertThat(countByStatus(callsAtOnce(marketplace, 32))).isEqualTo(Map.of(200, 20L, 429, 12L));
  }

  @Test
  void a_marketplaces_second_slides() {
    SampleChannel marketplace = channel(Manners.marketplace());
    assertThat(callsAtOnce(marketplace, 12)).containsOnly(200);
    clock.advance(Duration.ofMillis(600));
    assertThat(countByStatus(callsAtOnce(marketplace, 12))).isEqualTo(Map.of(200, 8L, 429, 4L));
    clock.advance(Duration.ofMillis(400));
    assertThat(countByStatus(callsAtOnce(marketplace, 16))).isEqualTo(Map.of(200, 12L, 429, 4L));
    clock.advance(Duration.ofMillis(600));
    assertThat(countByStatus(callsAtOnce(marketplace, 16))).isEqualTo(Map.of(200, 8L, 429, 8L));
  }

  @Test
  void a_refused_call_names_a_second_to_wait_and_changes_nothing() {
    SampleChannel marketplace = channel(Manners.marketplace());
    callsAtOnce(marketplace, 20);
    HttpResponse<String> answer =
        post(marketplace, ENVELOPE.replace("\"product\"", "\"offer\""), "late");
    assertThat(answer.statusCode()).isEqualTo(429);
    assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    assertThat(marketplace.received()).doesNotContainKey("offer");
  }

  @Test
  void a_marketplace_takes_its_time_for_what_it_accepts() {
    SampleChannel marketplace = channel(Manners.marketplace());
    for (int call = 0; call < 20; call++) {
      long start = System.nanoTime();
      assertThat(post(marketplace, ENVELOPE, "k" + call).statusCode()).isEqualTo(200);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(15));
    }
    assertThat(Manners.marketplace().slowest()).isEqualTo(Duration.ofMillis(40));
  }

  @Test
  void a_moody_channel_fails_every_ninth_call() {
    SampleChannel moody = channel(Manners.moody());
    List<Integer> statuses =
        IntStream.rangeClosed(1, 27)
            .mapToObj(call -> post(moody, ENVELOPE, "k" + call).statusCode())
            .toList();
    assertThat(IntStream.rangeClosed(1, 27).filter(call -> statuses.get(call - 1) == 503))
        .containsExactly(9, 18, 27);
    assertThat(countByStatus(statuses)).isEqualTo(Map.of(200, 24L, 503, 3L));
  }

  @Test
  void a_moody_channel_names_a_second_to_wait_and_changes_nothing() {
    SampleChannel moody = channel(Manners.moody());
    callsAtOnce(moody, 8);
    HttpResponse<String> answer = post(moody, ENVELOPE.replace("\"product\"", "\"offer\""), "k9");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    assertThat(moody.received()).doesNotContainKey("offer");
  }

  @Test
  void a_moody_channel_fails_no_key_more_than_twice() {
    SampleChannel moody = channel(Manners.moody());
    for (int call = 1; call <= 45; call++) {
      post(moody, ENVELOPE, call % 9 == 0 ? "unlucky" : "k" + call);
    }
    assertThat(moody.calls())
        .filteredOn(call -> call.idempotencyKey().equals("unlucky"))
        .extracting(Call::status)
        .containsExactly(503, 503, 200, 200, 200);
  }

  @Test
  void a_moody_channel_fails_as_often_under_concurrent_calls() {
    assertThat(countByStatus(callsAtOnce(channel(Manners.moody()), 90)))
        .isEqualTo(Map.of(200, 80L, 503, 10L));
  }

  @Test
  void calls_at_once_are_judged_one_at_a_time_and_logged_in_the_order_of_their_times() {
    SampleChannel shop = channel(Manners.webShop());
    callsAtOnce(shop, 64);
    assertThat(clock.everHadTwoReaders()).isFalse();
    assertThat(shop.calls()).hasSize(64).extracting(Call::at).isSorted();
  }

  private SampleChannel channel(Manners manners) {
    SampleChannel channel = new SampleChannel(manners, clock);
    open.add(channel);
    return channel;
  }

  private static List<Integer> callsAtOnce(SampleChannel channel, int calls) {
    List<CompletableFuture<HttpResponse<String>>> answers =
        IntStream.range(0, calls)
            .mapToObj(call -> send(request(channel, ENVELOPE, "key " + call).build()))
            .toList();
    return answers.stream().map(answer -> answer.join().statusCode()).toList();
  }

  private static HttpResponse<String> post(SampleChannel channel, String body, String key) {
    return send(request(channel, body, key).build()).join();
  }

  private static HttpRequest.Builder request(SampleChannel channel, String body, String key) {
    return HttpRequest.newBuilder(URI.create(channel.uri() + "/deliveries"))
        .header("Idempotency-Key", key)
        .POST(BodyPublishers.ofString(body));
  }

  private static CompletableFuture<HttpResponse<String>> send(HttpRequest request) {
    return CLIENT.sendAsync(request, BodyHandlers.ofString());
  }

  private static Map<Integer, Long> countByStatus(List<Integer> statuses) {
    return statuses.stream().collect(groupingBy(status -> status, counting()));
  }

  private static final class SettableClock extends Clock {
    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final AtomicInteger readers = new AtomicInteger();
    private final AtomicBoolean twoReaders = new AtomicBoolean();

    void advance(Duration by) {
      now.updateAndGet(instant -> instant.plus(by));
    }

    boolean everHadTwoReaders() {
      return twoReaders.get();
    }

    @Override
    public Instant instant() {
      twoReaders.compareAndSet(false, readers.incrementAndGet() > 1);
      // Time for a second reader to come, if nothing keeps it out.
      IntStream.range(0, 50).forEach(turn -> Thread.yield());
      readers.decrementAndGet();
      return now.get();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException("the test clock has one zone");
    }
  }
}
