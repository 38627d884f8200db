package io.egression.connector;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keys and certificates of one account; shows nothing of them.
 *
 * @param store with a private key
 * @param password of the store and its key
 * @param trusted null: what the JDK trusts
 */
public record ClientKeys(KeyStore store, Secret password, @Nullable KeyStore trusted) {
  List<Secret> passwords() {
    return password.value().isEmpty() ? List.of() : List.of(password);
  }

  /** Why its certificate can't be shown now, if it can't. */
  Optional<String> invalid() {
    try {
      for (String alias : Collections.list(store.aliases())) {
        if (store.isKeyEntry(alias)
            && store.getCertificate(alias) instanceof X509Certificate certificate) {
          certificate.checkValidity();
        }
      }
      return Optional.empty();
    } catch (CertificateExpiredException e) {
      return Optional.of("the certificate of its key store has expired: " + e.getMessage());
    } catch (CertificateNotYetValidException e) {
      return Optional.of("the certificate of its key store is not valid yet: " + e.getMessage());
    } catch (KeyStoreException e) {
      throw new IllegalStateException(e); // only of a store that was never loaded
    }
  }

  @Override
  public String toString() {
    return "ClientKeys";
  }
}
