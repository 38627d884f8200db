package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import io.egression.StubServer.Answer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;

/** The page in a real browser, over a running hub. */
@EnabledIf(value = "io.egression.Browser#isInstalled", disabledReason = Browser.MISSING)
class PageIT {
  private static final AtomicInteger STATUS = new AtomicInteger(200);
  private static StubServer shop;
  private static TestHub hub;
  private static Browser browser;

  @BeforeAll
  static void start() {
    shop = new StubServer(request -> Answer.of(STATUS.get()));
    hub =
        TestHub.prepare()
            .accounts(
                "acme",
                TestHub.account("shop", shop, "payload: reference", "partitionBy: object"),
                TestHub.account("market", shop, "payload: reference", "filters: [nothing]"))
            .file("filters/nothing.yaml", "version: 2\nmatch: {objectType: [nothing]}\n")
            .start();
    browser = Browser.at(hub.hub().address()).wide();
    browser.open("/").type("key", hub.key()).click("Sign in").shows("Throughput");
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    hub.close();
    shop.close();
  }

  @BeforeEach
  void asUsual() {
    STATUS.set(200);
    browser.wide().theme("light");
  }

  private static String dead(String object) {
    STATUS.set(422);
    String job = hub.submit(TestHub.job("acme", "shop", "product", object)).get(0);
    hub.await(job, "dead");
    STATUS.set(200);
    return job;
  }

  @Test
  void an_object_is_missing_its_cause_is_found_and_it_is_delivered() {
    String job = dead("ZT/1010");
    browser
        .open("/missing")
        .type("type", "product")
        .type("id", "ZT/1010")
        .click("Find out")
        .shows("was given up")
        .shows("422")
        .shows("No job for it was handed over")
        .click("The whole story of the job")
        .shows("attempt 1: rejected")
        .click("Replay")
        .shows("delivered again")
        .shows("attempt 2: delivered");
    hub.await(job, "delivered");
    browser.open("/missing/product/ZT%2F1010").shows("was delivered at");
  }

  @Test
  void dead_letters_are_replayed_all_at_once_or_discarded_by_selection() {
    List<String> jobs = List.of(dead("d1"), dead("d2"), dead("d3"));
    browser.open("/dead").click("× product").shows("product d2");
    browser.find(By.xpath("//input[@aria-label='Select product d2']")).click();
    browser.click("Discard selected").shows("Discard 1 jobs?").click("Discard");
    hub.await(jobs.get(1), "cancelled");
    browser.shows("2 × product").click("× product").click("Replay all for this reason");
    hub.await(jobs.get(0), "delivered");
    hub.await(jobs.get(2), "delivered");
    browser.shows("No job is dead.");
  }

  @Test
  void filters_are_tried_on_an_object() {
    browser
        .open("/filters")
        .shows("nothing version 2")
        .type("type", "product")
        .type("id", "7")
        .click("Try")
        .shows("acme / market: ⊘ filtered filter nothing version 2: does not match objectType");
    String job = hub.submit(TestHub.job("acme", "market", "product", "7")).get(0);
    hub.await(job, "filtered");
    browser.open("/job/" + job).shows("Left out").shows("filter nothing version 2").isAccessible();
  }

  @Test
  void a_batch_shows_what_blocks_it_and_goes_on_when_that_is_released() {
    STATUS.set(422);
    String body =
        "{\"subscription\":\"acme\",\"source\":\"erp\",\"name\":\"night run\",\"jobs\":["
            + "{\"action\":\"create\",\"channel\":\"shop\",\"objectType\":\"category\",\"objectIds\":[\"c\"]},"
            + "{\"action\":\"create\",\"channel\":\"shop\",\"objectType\":\"product\",\"objectIds\":[\"p\"]}]}";
    String dead = hub.json(hub.post("/v1/batches", body)).at("/jobs/0/id").asText();
    hub.await(dead, "dead");
    STATUS.set(200);
    browser
        .open("/batches")
        .click("night run")
        .shows("belt 1 has 1 dead jobs")
        .isAccessible()
        .picture("batch");
    browser.find(By.xpath("//button[@aria-label='Release belt 1 of shop']")).click();
    browser.shows("go on without").click("Yes").shows("1 of 1 done");
  }

  @Test
  void the_overview_tells_at_once_what_changes() {
    browser.open("/").shows("acme/market");
    browser.find(By.xpath("//button[@aria-label='Pause acme/market']")).click();
    browser.shows("Pause acme/market?").click("Pause").shows("paused until an operator resumes it");
    hub.submit(TestHub.job("acme", "market", "product", "1"));
    browser.shows("acme/market is paused.");
    browser.find(By.xpath("//button[@aria-label='Resume acme/market']")).click();
    browser.shows("acme/market goes on.");
    browser.find(By.xpath("//button[@aria-label='Pause acme/market']"));
  }

  @Test
  void it_is_used_with_the_keyboard_alone() {
    browser.open("/jobs").shows("Search");
    assertThat(browser.focused()).as("the new view's title").isEqualTo("Jobs");
    for (String expected : List.of("subscription", "channel", "object", "state")) {
      browser.press(Keys.TAB);
      assertThat(browser.focusedName()).isEqualTo(expected);
    }
  }

  @Test
  void without_a_key_nothing_is_told() {
    try (Browser other = Browser.at(hub.hub().address())) {
      other.open("/dead").shows("Sign in").isAccessible();
      assertThat(other.text()).doesNotContain("Dead letters");
      other.type("key", "egr_wrong").click("Sign in").shows("This key is not valid.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/, overview",
    "/missing/product/ZT, missing",
    "/jobs, jobs",
    "/dead, dead",
    "/filters, filters"
  })
  void every_view_is_accessible_and_fits_in_both_themes_and_on_a_phone(String view, String name) {
    dead("view-" + name);
    for (String theme : List.of("light", "dark")) {
      browser.wide().theme(theme).open(view).loaded().isAccessible();
      browser.fits().picture(name + "-" + theme);
      browser.phone().isAccessible().fits().picture(name + "-" + theme + "-phone").wide();
    }
    assertThat(browser.complaints()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"<img src=x onerror=alert(1)>", "\"'>&lt;", "日本/語 % #?"})
  void odd_ids_are_shown_as_they_are(String object) {
    String job =
        hub.submit(TestHub.job("acme", "shop", "product", object.replace("\"", "\\\""))).get(0);
    hub.await(job, "delivered");
    browser.open("/job/" + job).shows("product " + object);
    assertThat(browser.complaints()).isEmpty();
  }
}
