package io.egression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.egression.StubServer.Answer;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.junit.jupiter.api.Test;

/** The routes that a dead job's letter goes by, to the queue and back. */
class LetterRoutesIT extends RouteTestSupport {
  private static final String LETTERS = "jms:queue:egression.dead-letter";

  @Test
  void dead_letter_sends_one_letter_for_a_death_with_what_an_operator_looks_for() {
    channel.behave(call -> Answer.of(422));
    String id = submit("references", "1");
    Exchange letter = consumer.receive(LETTERS, 30_000);
    assertThat(letter.getMessage().getHeaders())
        .containsEntry("job", id)
        .containsEntry("death", 1)
        .containsEntry("account", "acme/references")
        .containsEntry("reason", "status 422")
        .containsEntry("lastStatus", 422)
        .containsEntry("attempts", 1);
    assertThat(letter.getMessage().getBody(String.class)).contains(id, "\"objectIds\":[\"1\"]");
    awaitNoLetterDue();

    sendLetter(id);
    assertThat(received(LETTERS)).hasSize(1);
  }

  @Test
  void dead_letter_counts_a_letter_as_sent_that_the_broker_has_already() {
    channel.behave(call -> Answer.of(422));
    String id = submit("references", "1");
    hub.await(id, "dead");
    awaitNoLetterDue();
    hub.execute("UPDATE job SET letter_due = true, letter_taken = NULL");

    assertThat(sendLetter(id).getException()).isNull();
    awaitNoLetterDue();
    assertThat(received(LETTERS)).hasSize(2);
    assertThat(consumer.receive(LETTERS, 10_000)).isNotNull();
    assertThat(consumer.receiveNoWait(LETTERS)).isNull();
  }

  private Exchange sendLetter(String id) {
    return template.send(
        "direct:dead-letter", exchange -> exchange.setProperty("dead", UUID.fromString(id)));
  }

  private void awaitNoLetterDue() {
    await().until(() -> hub.number("SELECT count(*) FROM job WHERE letter_due") == 0);
  }

  @Test
  void replay_replays_the_job_of_its_letter_once_and_of_an_older_letter_not_at_all() {
    channel.behave(call -> Answer.of(422));
    String id = submit("references", "1");
    hub.await(id, "dead");
    replay(id, 2);
    assertThat(hub.state(id)).isEqualTo("dead");
    channel.behave(call -> Answer.of(200));
    replay(id, 1);
    hub.await(id, "delivered");
    replay(id, 1);
    assertThat(hub.state(id)).isEqualTo("delivered");
    assertThat(channel.calls()).hasSize(2);
  }

  private void replay(String id, int death) {
    template.sendBodyAndHeaders("direct:replay", "", Map.of("job", id, "death", death));
  }
}
