package io.egression.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.ledger.DeadLetters;
import io.egression.ledger.DeadLetters.Letter;
import jakarta.jms.ConnectionFactory;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.Message;

/** Writes dead letters; the bean {@code letters} of the dead-letter route. Thread safe. */
public final class Letters {
  /** The exchange's property: the id of the job that died. */
  static final String DEAD = "dead";

  private static final String LETTER = "letter";

  private final DeadLetters letters;
  private final ObjectMapper json;

  private final LetterBox letterBox;

  public Letters(DeadLetters letters, ConnectionFactory connections, ObjectMapper json) {
    this.letters = letters;
    this.letterBox = new LetterBox(connections);
    this.json = json;
  }

  /**
   * Makes the message the letter of the job named by the property {@code dead}; no body if it is
   * sent already.
   */
  public void write(Exchange exchange) throws JsonProcessingException {
    UUID job = exchange.getProperty(DEAD, UUID.class);
    Optional<Letter> letter = letters.take(job);
    Message message = exchange.getMessage();
    message.removeHeaders("*");
    message.setBody(letter.isEmpty() ? null : json.writeValueAsString(letter.get()));
    letter.ifPresent(
        due -> {
          exchange.setProperty(LETTER, due);
          String queue = RunQueues.of(due.connector());
          message.setHeader("_AMQ_ORIG_QUEUE", queue);
          message.setHeader("_AMQ_ORIG_ADDRESS", queue);
          message.setHeader("_AMQ_ORIG_ROUTING_TYPE", (byte) 1);
          // Sent again after a crash between the send and its note, it is still one letter.
          message.setHeader("_AMQ_DUPL_ID", due.job() + "/" + due.death());
          message.setHeader("job", due.job().toString());
          message.setHeader("death", due.death());
          message.setHeader(RunQueues.ACCOUNT, due.subscription() + "/" + due.channel());
          message.setHeader(RunQueues.PARTITION, due.partitionKey());
          message.setHeader("reason", due.reason());
          message.setHeader("lastStatus", due.lastStatus() == null ? 0 : due.lastStatus());
          message.setHeader("attempts", due.attempts());
        });
  }

  /** The broker has it; it is taken back if the job was replayed or discarded meanwhile. */
  public void sent(Exchange exchange) {
    Letter letter = exchange.getProperty(LETTER, Letter.class);
    if (!letters.sent(letter.job(), letter.death())) {
      letterBox.remove(List.of(letter.job()));
    }
  }
}
