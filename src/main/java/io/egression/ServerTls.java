package io.egression;

import io.egression.connector.KeyFile;
import io.egression.connector.Secret;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.apache.camel.support.jsse.KeyManagersParameters;
import org.apache.camel.support.jsse.KeyStoreParameters;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.apache.camel.support.jsse.SecureSocketProtocolsParameters;
import org.apache.hc.core5.ssl.SSLContextBuilder;

/**
 * The key and certificates that the API is served with. Read once: a new certificate needs a
 * restart. Immutable.
 *
 * @param store with a private key
 */
record ServerTls(KeyStore store, Secret password) {
  /**
   * Reads them.
   *
   * @param file PKCS #12, or PEM with the key and the chain, the server's certificate first
   * @throws KeyFile.UnusableException saying why they can't be used, without the password
   */
  static ServerTls read(Path file, Secret password) throws KeyFile.UnusableException {
    return new ServerTls(KeyFile.read(file, password, true), password);
  }

  /** TLS 1.2 and 1.3 (RFC 9325) with this key. */
  SSLContextParameters parameters() {
    KeyStoreParameters keys = new KeyStoreParameters();
    keys.setKeyStore(store);
    KeyManagersParameters managers = new KeyManagersParameters();
    managers.setKeyStore(keys);
    managers.setKeyPassword(password.value());
    SecureSocketProtocolsParameters protocols = new SecureSocketProtocolsParameters();
    protocols.setSecureSocketProtocol(List.of("TLSv1.2", "TLSv1.3"));
    SSLContextParameters parameters = new SSLContextParameters();
    parameters.setKeyManagers(managers);
    parameters.setSecureSocketProtocols(protocols);
    return parameters;
  }

  /** A client's, that trusts this very certificate. */
  SSLContext trusting() {
    try {
      return SSLContextBuilder.create().loadTrustMaterial(store, null).build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key of egression.http.tls.file cannot be used", e);
    }
  }

  @Override
  public String toString() {
    return "ServerTls";
  }
}
