package io.egression.delivery;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSException;
import org.jspecify.annotations.Nullable;

/**
 * Connections to the broker that one account sends to; a bean of {@code jms-connector}'s own. So
 * the password is in no endpoint's URI. Its setters take the Kamelet's parameters before the first
 * call.
 */
public final class AccountBroker implements ConnectionFactory {
  private @Nullable Brokers brokers;
  private String url = "";
  private String user = "";
  private String password = "";

  public void setBrokers(Brokers brokers) {
    this.brokers = brokers;
  }

  public void setUrl(String url) {
    this.url = url;
  }

  public void setUser(String user) {
    this.user = user;
  }

  public void setPassword(String password) {
    this.password = password;
  }

  private ConnectionFactory target() {
    if (brokers == null) {
      throw new IllegalStateException("its Kamelet did not give it the bean 'brokers'");
    }
    return brokers.at(url, user, password);
  }

  @Override
  public Connection createConnection() throws JMSException {
    return target().createConnection();
  }

  @Override
  public Connection createConnection(String user, String password) throws JMSException {
    return target().createConnection(user, password);
  }

  @Override
  public JMSContext createContext() {
    return target().createContext();
  }

  @Override
  public JMSContext createContext(int mode) {
    return target().createContext(mode);
  }

  @Override
  public JMSContext createContext(String user, String password) {
    return target().createContext(user, password);
  }

  @Override
  public JMSContext createContext(String user, String password, int mode) {
    return target().createContext(user, password, mode);
  }
}
