package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.egression.StubServer.Answer;
import io.egression.connector.Fault.FaultyFilesException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link BrokenFilesTest} has the check find, a hub finds at its start and while it runs. */
class BrokenFilesIT {
  private static List<String> names() throws IOException {
    return BrokenFilesTest.names();
  }

  private static TestHub prepare() throws IOException {
    Path routes = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "routes-");
    BrokenFilesTest.copy(Path.of("routes"), routes);
    return TestHub.prepare()
        .with("egression.routes.dir", routes.toString())
        .file("filters/sellable.yaml", BrokenFilesTest.FILTER);
  }

  /** Where a hub has the file that is connectors/… or routes/… of a project. */
  private static Path place(TestHub hub, String file) {
    int slash = file.indexOf('/');
    return Path.of(
        hub.setting("egression." + file.substring(0, slash) + ".dir"), file.substring(slash + 1));
  }

  private static void put(String name, Path place) throws IOException {
    Files.createDirectories(place.getParent());
    Files.copy(BrokenFilesTest.BROKEN.resolve(name), place, StandardCopyOption.REPLACE_EXISTING);
  }

  @ParameterizedTest
  @MethodSource("names")
  void a_hub_does_not_start_with_it_and_says_what_is_wrong(String name) throws IOException {
    BrokenFilesTest.Expected expected = BrokenFilesTest.Expected.of(name);
    TestHub hub = prepare();
    Path place = place(hub, expected.file());
    put(name, place);
    try (hub) {
      Throwable told = catchThrowable(hub::start);
      assertThat(told).isInstanceOf(FaultyFilesException.class);
      assertThat(relative(hub, told.getMessage())).isEqualTo(expected.toString());
    }
  }

  @Test
  void a_running_hub_says_what_is_wrong_and_goes_on_as_it_was() throws IOException {
    try (StubServer shop = new StubServer(call -> Answer.of(200));
        TestHub hub =
            prepare()
                .accounts("running", TestHub.account("shop", shop, "payload: reference"))
                .start()) {
      String before = configuration(hub).get("hash").asText();
      for (String name : names()) {
        BrokenFilesTest.Expected expected = BrokenFilesTest.Expected.of(name);
        Path place = place(hub, expected.file());
        String right = Files.exists(place) ? Files.readString(place) : null;
        put(name, place);
        await(name)
            .atMost(Duration.ofSeconds(10))
            .untilAsserted(() -> assertThat(faults(hub)).containsExactly(expected.toString()));
        hub.await(hub.submit(TestHub.job("running", "shop", "product", name)).get(0), "delivered");
        if (right == null) {
          Files.delete(place);
        } else {
          Files.writeString(place, right);
        }
      }
      await().until(() -> configuration(hub).get("faults").isEmpty());
      assertThat(configuration(hub).get("hash").asText()).isEqualTo(before);
    }
  }

  private static List<String> faults(TestHub hub) {
    List<String> faults = new ArrayList<>();
    for (JsonNode fault : configuration(hub).get("faults")) {
      faults.add(
          relative(
              hub,
              "%s:%s:%s: %s"
                  .formatted(
                      fault.get("file").asText(),
                      fault.get("line"),
                      fault.get("column"),
                      fault.get("message").asText())));
    }
    return faults;
  }

  private static String relative(TestHub hub, String text) {
    return text.replace(hub.setting("egression.connectors.dir"), "connectors")
        .replace(hub.setting("egression.routes.dir"), "routes");
  }

  private static JsonNode configuration(TestHub hub) {
    return hub.json(hub.get("/v1/configuration"));
  }
}
