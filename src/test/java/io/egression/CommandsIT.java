package io.egression;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.StubServer.Answer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands that talk to a hub. */
class CommandsIT {
  private static final Set<String> WRONG = ConcurrentHashMap.newKeySet();

  @TempDir private static Path folder;
  private static StubServer server;
  private static TestHub hub;
  private static Path keyFile;

  private record Ran(int code, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }
  }

  @BeforeAll
  static void start() throws IOException {
    server = new StubServer(call -> Answer.of(WRONG.contains(call.objectId()) ? 422 : 200));
    hub =
        TestHub.prepare()
            .accounts("acme", TestHub.account("shop", server, "payload: reference"))
            .accounts(
                "kept", TestHub.account("shop", server, "payload: reference", "filters: [offers]"))
            .file(
                "filters/offers.yaml",
                "version: 4\ndescription: offers only\nmatch: {objectType: [offer]}\n")
            .start();
    keyFile = Files.writeString(folder.resolve("key"), hub.key() + "\n");
  }

  @AfterAll
  static void stop() {
    hub.close();
    server.close();
  }

  private static Ran run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--url", hub.uri("/").toString(), "--key-file", keyFile.toString()));
    return plain(all.toArray(String[]::new));
  }

  private static Ran plain(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Egression.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    int code = line.execute(args);
    line.getOut().flush();
    line.getErr().flush();
    return new Ran(code, out.toString(), err.toString());
  }

  private static Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  void a_file_is_handed_over_in_parts_and_again_without_a_second_job() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 25; i++) {
      lines.append(TestHub.job("acme", "shop", "lines", "l" + i)).append('\n');
    }
    String file = file("jobs.ndjson", lines.toString()).toString();
    Ran first = run("submit", file, "--part", "10", "--idempotency-key", "f1", "--wait", "--json");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.json().get("accepted").asInt()).isEqualTo(25);
    assertThat(run("submit", file, "--part", "10", "--idempotency-key", "f1").code()).isZero();
    assertThat(hub.number("SELECT count(*) FROM job WHERE object_type = 'lines'")).isEqualTo(25);
    String array = file("array.json", "[" + TestHub.job("acme", "shop", "a", "1") + "]").toString();
    assertThat(run("submit", array).out()).contains("1 jobs are accepted");
  }

  @Test
  void what_is_refused_is_told_with_its_field_and_what_was_accepted_before() throws Exception {
    String jobs =
        TestHub.job("acme", "shop", "refused", "1")
            + TestHub.job("acme", "shap", "refused", "2")
            + "{";
    Ran ran = run("submit", file("bad.ndjson", jobs).toString(), "--part", "1");
    assertThat(ran.code()).isEqualTo(5);
    assertThat(ran.err()).contains("1 jobs before it are accepted", "/0/channel", "did you mean");
  }

  @Test
  void a_missing_object_is_found_replayed_and_delivered() throws Exception {
    WRONG.add("gone");
    Ran submitted =
        run(
            "submit",
            file("gone.json", TestHub.job("acme", "shop", "p", "gone")).toString(),
            "--wait");
    assertThat(submitted.code()).isEqualTo(6);
    assertThat(submitted.out()).contains("1 not delivered");
    Ran why = run("why", "p/gone");
    assertThat(why.out()).contains("acme/shop: The update was given up", "422", "replay the job");
    String job = run("why", "p/gone", "--json").json().at("/channels/0/job").asText();
    assertThat(run("job", job).out()).contains("update p [\"gone\"]", "attempt 1: rejected");
    assertThat(run("dead", "list").out()).contains("acme/shop", "422");
    assertThat(run("jobs", "--state", "dead", "--json").json()).isNotEmpty();
    assertThat(run("dead", "replay").code()).isEqualTo(5);
    WRONG.clear();
    assertThat(run("dead", "replay", "--channel", "shop", "--reason", "422").code()).isZero();
    hub.await(job, "delivered");
    assertThat(run("dead", "replay", job).code()).isEqualTo(5);
    assertThat(run("why", "p/gone").out()).contains("was delivered");
  }

  @Test
  void dead_jobs_are_discarded_by_reason() throws Exception {
    WRONG.add("bad");
    String job = hub.submit(TestHub.job("acme", "shop", "discard", "bad")).get(0);
    hub.await(job, "dead");
    assertThat(run("dead", "discard", "--channel", "shop", "--reason", "no such").out())
        .contains("0 jobs");
    assertThat(hub.state(job)).isEqualTo("dead");
    assertThat(run("dead", "discard", "--channel", "shop", "--reason", "422").code()).isZero();
    assertThat(hub.state(job)).isEqualTo("cancelled");
  }

  @Test
  void an_account_is_paused_and_resumed_and_the_record_has_it() {
    assertThat(run("pause", "acme/shop").out()).contains("paused");
    assertThat(run("overview").out()).contains("acme/shop", "paused by admin");
    assertThat(run("resume", "acme/shop").out()).contains("resumed");
    assertThat(run("pause", "--connector", "http-connector").code()).isZero();
    assertThat(run("resume", "--connector", "http-connector").code()).isZero();
    assertThat(run("pause", "acme").code()).isEqualTo(5);
    assertThat(run("pause", "acme/nowhere").code()).isEqualTo(3);
    assertThat(run("audit").out()).contains("account acme/shop", "connector http-connector");
  }

  @Test
  void a_key_is_made_used_and_revoked() throws Exception {
    Ran made =
        run(
            "key",
            "create",
            "--name",
            "ci",
            "--role",
            "viewer",
            "--subscription",
            "acme",
            "--json");
    String id = made.json().get("id").asText();
    Path other = file("other.key", made.json().get("key").asText());
    String url = hub.uri("").toString();
    String[] asOther = {"resume", "acme/shop", "--url", url, "--key-file", other.toString()};
    assertThat(plain(asOther).code()).isEqualTo(4);
    assertThat(run("key", "list").out()).contains(id, "ci", "viewer", "acme");
    assertThat(run("key", "revoke", id).code()).isZero();
    assertThat(plain("jobs", "--url", url, "--key-file", other.toString()).code()).isEqualTo(4);
    assertThat(run("key", "create", "--name", "x", "--role", "king").err()).contains("/role");
  }

  @Test
  void a_batch_is_made_shown_and_sealed() throws Exception {
    Path batch =
        file("batch.json", "{\"subscription\":\"acme\",\"source\":\"erp\",\"name\":\"spring\"}");
    Ran made = run("batch", "make", batch.toString(), "--json");
    assertThat(made.code()).as(made.err()).isZero();
    String id = made.json().at("/batch/id").asText();
    assertThat(run("batch", "list").out()).contains(id, "spring", "open");
    assertThat(run("batch", "close", id, "--belt", "1").code()).isZero();
    assertThat(run("batch", "seal", id).out()).contains(id, "sealed");
    assertThat(run("batch", "show", id).out()).contains("CHANNEL");
    assertThat(run("batch", "cancel", id).code()).isZero();
    assertThat(run("batch", "release", id, "--belt", "0").code()).isEqualTo(5);
    assertThat(run("batch", "show", "nix").code()).isEqualTo(3);
  }

  @Test
  void a_filter_is_listed_and_tried() throws IOException {
    assertThat(run("filter", "list").out()).contains("offers", "4", "kept/shop", "offers only");
    Ran kept = run("filter", "test", "offers", "--object", "product/7");
    assertThat(kept.code()).isEqualTo(6);
    assertThat(kept.out()).contains("kept/shop", "filtered", "does not match objectType [offer]");
    Ran delivered = run("filter", "test", "offers", "--object", "offer/7", "--json");
    assertThat(delivered.code()).isZero();
    assertThat(delivered.json().at("/channels/0/verdict").asText()).isEqualTo("deliver");
    assertThat(run("filter", "test", "offer", "--object", "offer/7").err())
        .contains("did you mean 'offers'?");
  }

  @Test
  void files_are_validated_without_a_hub() throws Exception {
    Path project = Files.createDirectories(folder.resolve("project/connectors"));
    Files.createDirectories(folder.resolve("project/routes"));
    String shown = project.getParent().toString();
    assertThat(plain("validate", shown).code()).isZero();
    Files.writeString(project.resolve("belts.yaml"), "belts: {default: [[product], [product]]}\n");
    Ran faulty = plain("validate", shown);
    assertThat(faulty.code()).isEqualTo(1);
    assertThat(faulty.out())
        .contains("belts.yaml:1:31: belts.default[1][0]: 'product' is on a belt already")
        .contains("1 fault found");
    Ran json = plain("validate", "--json", shown);
    assertThat(json.json().at("/0/line").asInt()).isEqualTo(1);
    assertThat(plain("validate", "/nowhere").code()).isEqualTo(2);
  }

  @Test
  void jobs_are_exported_as_lines() throws Exception {
    hub.await(hub.submit(TestHub.job("acme", "shop", "exported", "1")).get(0), "delivered");
    Path to = folder.resolve("export.ndjson");
    assertThat(run("export", "--object", "exported/1", "--stories", "--to", to.toString()).code())
        .isZero();
    assertThat(Files.readAllLines(to)).singleElement().asString().contains("\"timeline\":[");
    assertThat(run("export", "--to", to.toString()).code()).as("it is there already").isEqualTo(5);
    assertThat(run("export", "--object", "exported/1").out().lines()).hasSize(1);
  }

  @Test
  void no_hub_and_no_key_are_told_apart() {
    String key = keyFile.toString();
    Ran away = plain("jobs", "--url", "http://127.0.0.1:1", "--key-file", key);
    assertThat(away.code()).isEqualTo(1);
    assertThat(away.err()).contains("no hub answers at http://127.0.0.1:1");
    Ran noKey = plain("jobs", "--url", "http://127.0.0.1:1", "--key-file", "/nowhere");
    assertThat(noKey.code()).isEqualTo(4);
    assertThat(noKey.err()).contains("/nowhere", "EGRESSION_KEY");
    assertThat(plain("jobs", "--url", "nonsense", "--key-file", key).code()).isEqualTo(5);
    assertThat(plain("jobs", "--nonsense").code()).isEqualTo(2);
  }

  @Test
  void every_command_explains_itself_and_the_shell_completes_them() throws Exception {
    Ran completion = plain("completion");
    assertThat(completion.out()).contains("overview", "--key-file");
    Path script = file("completion.sh", completion.out());
    Process bash = new ProcessBuilder("bash", "-n", script.toString()).start();
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(bash.exitValue()).isZero();
    String all = plain("--help").out();
    for (String command : List.of("submit", "jobs", "why", "dead", "pause", "key", "export")) {
      assertThat(all).contains("  " + command + " ");
      assertThat(plain(command, "--help").code()).isZero();
    }
  }
}
