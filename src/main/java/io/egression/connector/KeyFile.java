package io.egression.connector;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** Reads keys and certificates from a PKCS #12 (RFC 7292) or PEM file (RFC 7468). */
public final class KeyFile {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \\1-----");

  private final String text;
  private final byte[] bytes;
  private final char[] password;

  private KeyFile(byte[] bytes, Secret password) {
    this.bytes = bytes;
    this.text = new String(bytes, StandardCharsets.ISO_8859_1);
    this.password = password.value().toCharArray();
  }

  /** The file can't be used; says why. */
  public static final class UnusableException extends Exception {
    private static final long serialVersionUID = 1L;

    private UnusableException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Reads the file.
   *
   * @param needsKey a private key must be in it
   */
  public static KeyStore read(Path path, Secret password, boolean needsKey)
      throws UnusableException {
    try {
      KeyFile file = new KeyFile(Files.readAllBytes(path), password);
      KeyStore store = file.text.contains("-----BEGIN ") ? file.pem() : file.pkcs12();
      if (needsKey && !hasKey(store)) {
        throw new GeneralSecurityException("there is no private key in it");
      }
      return store;
    } catch (NoSuchFileException e) {
      throw new UnusableException("there is no file " + path, e);
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new UnusableException(
          path + " cannot be used: " + e.getMessage() + "; is its password right?", e);
    }
  }

  private static boolean hasKey(KeyStore store) throws GeneralSecurityException {
    for (String alias : Collections.list(store.aliases())) {
      if (store.isKeyEntry(alias)) {
        return true;
      }
    }
    return false;
  }

  private KeyStore pkcs12() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = new ByteArrayInputStream(bytes)) {
      store.load(in, password);
    }
    return store;
  }

  private KeyStore pem() throws IOException, GeneralSecurityException {
    List<Certificate> certificates = new ArrayList<>();
    PKCS8EncodedKeySpec key = null;
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      byte[] content = Base64.getMimeDecoder().decode(block.group(2));
      switch (block.group(1)) {
        case "CERTIFICATE" -> certificates.add(certificate(content));
        case "PRIVATE KEY" -> key = new PKCS8EncodedKeySpec(content);
        case "ENCRYPTED PRIVATE KEY" -> key = decrypted(content);
        case "RSA PRIVATE KEY", "EC PRIVATE KEY" ->
            throw new GeneralSecurityException(
                "a key of an old form; 'openssl pkcs8 -topk8 -nodes' makes a new one of it");
        default -> {} // parameters of a curve, for instance
      }
    }
    if (certificates.isEmpty()) {
      throw new GeneralSecurityException("there is no certificate in it");
    }
    return store(certificates, key);
  }

  private KeyStore store(List<Certificate> certificates, @Nullable PKCS8EncodedKeySpec key)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    if (key == null) {
      for (Certificate certificate : certificates) {
        store.setCertificateEntry("trusted-" + store.size(), certificate);
      }
      return store;
    }
    String algorithm = certificates.get(0).getPublicKey().getAlgorithm();
    PrivateKey usable = KeyFactory.getInstance(algorithm).generatePrivate(key);
    store.setKeyEntry("key", usable, password, certificates.toArray(Certificate[]::new));
    return store;
  }

  private static Certificate certificate(byte[] content) throws GeneralSecurityException {
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(content));
  }

  /** PBES2 (RFC 8018), as {@code openssl pkcs8 -topk8} writes it. */
  private PKCS8EncodedKeySpec decrypted(byte[] content)
      throws IOException, GeneralSecurityException {
    EncryptedPrivateKeyInfo sealed = new EncryptedPrivateKeyInfo(content);
    String algorithm = sealed.getAlgParameters().toString(); // PBES2 alone does not say which
    Cipher cipher = Cipher.getInstance(algorithm);
    cipher.init(
        Cipher.DECRYPT_MODE,
        SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password)),
        sealed.getAlgParameters());
    return sealed.getKeySpec(cipher);
  }
}
