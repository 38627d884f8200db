package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.TestKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
  private static final String PASSWORD = "changeit";

  @TempDir private static Path folder;

  private static Path pkcs12;
  private static KeyStore store;

  @BeforeAll
  static void make() {
    pkcs12 = TestKeys.make(folder.resolve("keys.p12"), "acme", PASSWORD);
    store = TestKeys.read(pkcs12, PASSWORD);
  }

  private static KeyStore read(String content, String password) throws Exception {
    Path file = folder.resolve("keys.pem");
    Files.writeString(file, content);
    return KeyFile.read(file, new Secret(password), false);
  }

  private static void assertSameKey(KeyStore read, String password) throws Exception {
    String alias = read.aliases().nextElement();
    assertThat(read.getKey(alias, password.toCharArray()).getEncoded())
        .isEqualTo(TestKeys.key(store, PASSWORD));
    assertThat(read.getCertificate(alias).getEncoded()).isEqualTo(TestKeys.certificate(store));
  }

  private static String certificate() {
    return TestKeys.pem("CERTIFICATE", TestKeys.certificate(store));
  }

  @Test
  void a_pkcs_12_file_is_read_with_its_password_alone() throws Exception {
    assertSameKey(KeyFile.read(pkcs12, new Secret(PASSWORD), true), PASSWORD);
    assertThatThrownBy(() -> KeyFile.read(pkcs12, new Secret("wrong"), true))
        .hasMessageContaining("password was incorrect");
  }

  @Test
  void a_pem_file_may_have_a_plain_key() throws Exception {
    String key = TestKeys.pem("PRIVATE KEY", TestKeys.key(store, PASSWORD));
    assertSameKey(read("a comment\n" + key + certificate(), ""), "");
  }

  @Test
  void a_pem_file_may_have_an_encrypted_key_as_openssl_writes_it() throws Exception {
    Path pem = Path.of("src/test/resources/keys/encrypted.pem");
    KeyStore read = KeyFile.read(pem, new Secret("opensesame"), true);
    assertThat(read.getKey("key", "opensesame".toCharArray()).getAlgorithm()).isEqualTo("EC");
    assertThatThrownBy(() -> KeyFile.read(pem, new Secret("wrong"), true))
        .hasMessageContaining("is its password right?");
  }

  @Test
  void a_pem_file_of_certificates_alone_is_trusted() throws Exception {
    KeyStore trusted = read(certificate() + certificate(), "");
    assertThat(trusted.size()).isEqualTo(2);
    assertThatThrownBy(() -> KeyFile.read(folder.resolve("keys.pem"), new Secret(""), true))
        .hasMessageContaining("there is no private key in it");
  }

  @Test
  void a_key_of_an_old_form_and_a_file_without_certificate_say_what_would_be_right() {
    assertThatThrownBy(() -> read(certificate() + TestKeys.pem("RSA PRIVATE KEY", new byte[9]), ""))
        .hasMessageContaining("openssl pkcs8 -topk8");
    assertThatThrownBy(() -> read(TestKeys.pem("PRIVATE KEY", new byte[9]), ""))
        .hasMessageContaining("no certificate");
  }

  @Test
  void an_expired_certificate_is_no_more_valid() throws Exception {
    Path old =
        TestKeys.make(
            folder.resolve("old.p12"), "old", PASSWORD, "-startdate", "-3d", "-validity", "1");
    ClientKeys keys =
        new ClientKeys(KeyFile.read(old, new Secret(PASSWORD), true), new Secret(PASSWORD), null);
    assertThat(keys.invalid()).hasValueSatisfying(why -> assertThat(why).contains("has expired"));
    assertThat(new ClientKeys(store, new Secret(PASSWORD), null).invalid()).isEmpty();
    assertThat(keys.toString()).doesNotContain(PASSWORD);
  }
}
