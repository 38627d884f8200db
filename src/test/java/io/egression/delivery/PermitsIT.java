package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.egression.CamelCli;
import io.egression.SharedPostgres;
import io.egression.connector.Account;
import io.egression.connector.Catalogue;
import io.egression.connector.ConnectorFolder;
import io.egression.job.Action;
import io.egression.job.Outcome;
import io.egression.ledger.Accounts;
import io.egression.ledger.Database;
import io.egression.ledger.Node;
import io.egression.ledger.PermitLedger;
import io.egression.ledger.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that cannot keep its permits' times, against a real ledger. */
class PermitsIT {
  @TempDir private Path connectors;
  private Database database;
  private Accounts accounts;
  private Node node;
  private PermitLedger ledger;
  private Account account;

  @BeforeEach
  void start() throws IOException {
    Files.copy(
        Path.of("connectors/http-connector.kamelet.yaml"),
        connectors.resolve("http-connector.kamelet.yaml"));
    Files.writeString(
        connectors.resolve("http-connector.connector.yaml"),
        "limits: [{name: calls, permits: 1000, per: 1s, burst: 1000}]\n");
    Files.createDirectory(connectors.resolve("subscriptions"));
    Files.writeString(
        connectors.resolve("subscriptions/acme.yaml"),
        "channels: {shop: {connector: http-connector, parameters: {url: http://localhost:1}}}\n");
    Catalogue catalogue = ConnectorFolder.read(connectors, text -> text);
    account = catalogue.accounts().values().iterator().next();
    database =
        Database.open(
            SharedPostgres.newDatabase(), SharedPostgres.user(), SharedPostgres.password(), 4);
    accounts = new Accounts(database);
    node = new Node(database, "node", true);
    accounts.configure(
        List.of(
            new Accounts.Configured(
                account.key(),
                new Accounts.Through("http-connector", null),
                16,
                16,
                false,
                "account")),
        "same",
        node);
    ledger = new PermitLedger(database, accounts);
  }

  @AfterEach
  void stop() {
    ledger.close();
    node.close();
    database.close();
  }

  @Test
  void takes_a_permit_in_time() throws IOException {
    Exchange exchange = exchange();
    assertThatCode(() -> new Permits(ledger, node.clock()).take(exchange))
        .doesNotThrowAnyException();
  }

  @Test
  void gives_its_consumer_free_when_it_is_too_late_again_and_again() throws IOException {
    Exchange exchange = exchange();
    Clock slow = Clock.offset(node.clock(), Duration.ofMinutes(1));
    UndeliverableException late =
        catchThrowableOfType(
            UndeliverableException.class, () -> new Permits(ledger, slow).take(exchange));
    assertThat(late.outcome()).isInstanceOf(Outcome.Delayed.class);
    assertThat(late.outcome().reason()).contains("too late");
  }

  private Exchange exchange() throws IOException {
    Run.Item job =
        new Run.Item(
            UUID.randomUUID(),
            1,
            "erp",
            Action.UPDATE,
            "product",
            List.of("1"),
            List.of("1"),
            null,
            0,
            0,
            null,
            0,
            0,
            0,
            0,
            null,
            java.time.Instant.EPOCH);
    Run run =
        new Run(
            UUID.randomUUID(), node.id(), 1, account.key(), "*", Run.Standing.NORMAL, List.of(job));
    RunInHand inHand = new RunInHand(run, Duration.ZERO);
    Exchange exchange;
    try (DefaultCamelContext camel = CamelCli.keptFrom(new DefaultCamelContext())) {
      exchange = new DefaultExchange(camel);
    }
    exchange.setProperty(RunInHand.PROPERTY, inHand);
    exchange.setProperty(Work.PROPERTY, new Work(run, inHand.take(), account));
    return exchange;
  }
}
