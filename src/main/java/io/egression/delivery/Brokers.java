package io.egression.delivery;

import jakarta.jms.ConnectionFactory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.springframework.jms.connection.CachingConnectionFactory;

/**
 * The brokers that accounts send to; the bean {@code brokers}. One connection for each address and
 * user, opened when it is needed and again when it broke. Thread safe.
 */
public final class Brokers implements AutoCloseable {
  /** A call must end before the hub's lease does. */
  private static final long CALL_MOST_MILLIS = 20_000;

  private record Login(String url, String user, String password) {}

  private final ConnectionFactory hub;
  private final Map<Login, CachingConnectionFactory> others = new ConcurrentHashMap<>();

  /**
   * @param hub connections to the hub's own broker
   */
  public Brokers(ConnectionFactory hub) {
    this.hub = hub;
  }

  /**
   * @param url of an Artemis broker; blank: the hub's own
   */
  ConnectionFactory at(String url, String user, String password) {
    return url.isBlank()
        ? hub
        : others.computeIfAbsent(new Login(url, user, password), Brokers::open);
  }

  private static CachingConnectionFactory open(Login login) {
    ActiveMQConnectionFactory factory =
        login.user.isBlank()
            ? new ActiveMQConnectionFactory(login.url)
            : new ActiveMQConnectionFactory(login.url, login.user, login.password);
    factory.setCallTimeout(CALL_MOST_MILLIS);
    factory.setBlockOnDurableSend(true);
    return new CachingConnectionFactory(factory);
  }

  @Override
  public void close() {
    others.values().forEach(CachingConnectionFactory::destroy);
  }
}
