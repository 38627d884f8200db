package io.egression.access;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.SharedPostgres;
import io.egression.intake.Caller;
import io.egression.intake.Caller.Role;
import io.egression.ledger.AccessKeyStore;
import io.egression.ledger.Database;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessKeysIT {
  private static String url;
  private static Database database;
  private AccessKeys keys;

  @BeforeAll
  static void open() {
    url = SharedPostgres.newDatabase();
    database = Database.open(url, SharedPostgres.user(), SharedPostgres.password(), 4);
  }

  @AfterAll
  static void close() {
    database.close();
  }

  @BeforeEach
  void begin() throws SQLException {
    execute("DELETE FROM access_key");
    keys = new AccessKeys(new AccessKeyStore(database));
  }

  @Test
  void the_database_has_the_hash_and_nothing_else_of_a_key() throws Exception {
    String key = keys.create("erp", Role.PRODUCER, null);
    assertThat(key).matches("egr_[A-Za-z0-9_-]{43}");
    try (Connection connection = SharedPostgres.connect(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT hash, a::text FROM access_key a")) {
      assertThat(row.next()).isTrue();
      assertThat(row.getBytes(1))
          .isEqualTo(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
      assertThat(row.getString(2)).doesNotContain(key).doesNotContain(key.substring(4));
      assertThat(row.next()).isFalse();
    }
  }

  @Test
  void no_two_keys_are_alike() {
    assertThat(keys.create("a", Role.ADMIN, null)).isNotEqualTo(keys.create("a", Role.ADMIN, null));
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void a_key_has_the_role_that_it_was_given(Role role) {
    String key = keys.create("name", role, Set.of("acme", "zeta"));
    Caller caller = keys.caller(keys.check("Bearer " + key).orElseThrow());
    assertThat(caller).isEqualTo(new Caller("name", role, Set.of("acme", "zeta")));
    assertThat(caller.maySee("acme")).isTrue();
    assertThat(caller.maySee("acm")).isFalse();
  }

  @Test
  void a_key_may_be_for_every_subscription_or_for_none() {
    String all = keys.create("all", Role.VIEWER, null);
    String none = keys.create("none", Role.VIEWER, Set.of());
    assertThat(keys.caller(keys.check("Bearer " + all).orElseThrow()).maySee("acme")).isTrue();
    assertThat(keys.caller(keys.check("Bearer " + none).orElseThrow()).maySee("acme")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer %s", "bearer %s", "BEARER %s", "Bearer   %s", "Bearer %s "})
  void the_scheme_s_case_and_blanks_do_not_matter(String header) {
    String key = keys.create("erp", Role.PRODUCER, null);
    assertThat(keys.check(header.formatted(key))).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%s",
        "Bearer%s",
        "Bearer",
        "Bearer ",
        "",
        "Basic %s",
        "Token %s",
        "Bearer %sx",
        "Bearer x%s",
        "Bearer %s %1$s",
        "Bearer %s,",
        "Bearer \"%s\"",
        "Bearer egr_",
        "Bearer null"
      })
  void what_is_not_exactly_a_key_is_none(String header) {
    String key = keys.create("erp", Role.PRODUCER, null);
    assertThat(keys.check(header.formatted(key))).isEmpty();
  }

  @Test
  void a_key_s_letters_case_and_its_hash_and_id_do_not_open() {
    String key = keys.create("erp", Role.PRODUCER, null);
    String id = keys.check("Bearer " + key).orElseThrow();
    assertThat(keys.check("Bearer " + key.toUpperCase(Locale.ROOT))).isEmpty();
    assertThat(keys.check("Bearer " + id)).isEmpty();
    assertThat(keys.check(null)).isEmpty();
  }

  @Test
  void a_key_made_on_another_node_counts_after_a_refresh() {
    AccessKeys other = new AccessKeys(new AccessKeyStore(database));
    assertThat(other.isEmpty()).isTrue();
    String key = keys.create("erp", Role.PRODUCER, null);
    assertThat(other.check("Bearer " + key)).isEmpty();
    other.refresh();
    assertThat(other.isEmpty()).isFalse();
    assertThat(other.check("Bearer " + key)).isPresent();
  }

  @Test
  void a_revoked_key_counts_no_more_after_a_refresh() throws SQLException {
    String key = keys.create("erp", Role.PRODUCER, null);
    String id = keys.check("Bearer " + key).orElseThrow();
    execute("UPDATE access_key SET revoked_at = hub_now()");
    keys.refresh();
    assertThat(keys.check("Bearer " + key)).isEmpty();
    assertThatThrownBy(() -> keys.caller(id)).isInstanceOf(IllegalStateException.class);
  }

  private static void execute(String sql) throws SQLException {
    try (Connection connection = SharedPostgres.connect(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
