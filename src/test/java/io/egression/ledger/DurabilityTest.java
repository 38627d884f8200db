package io.egression.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DurabilityTest {
  @Test
  void a_server_alone_that_waits_for_its_disk_is_right() {
    assertThat(new Durability(true, true, "on", "", 0).warnings()).isEmpty();
  }

  @Test
  void a_synchronous_standby_is_right() {
    assertThat(new Durability(true, true, "on", "ANY 1 (a, b)", 2).warnings()).isEmpty();
    assertThat(new Durability(true, true, "remote_apply", "a", 1).warnings()).isEmpty();
  }

  @Test
  void a_standby_that_no_commit_waits_for_is_warned_of() {
    assertThat(new Durability(true, true, "on", "", 1).warnings())
        .singleElement()
        .asString()
        .contains("synchronous_standby_names");
    assertThat(new Durability(true, true, "local", "a", 1).warnings()).hasSize(1);
  }

  @Test
  void commits_that_wait_for_no_disk_are_warned_of() {
    assertThat(new Durability(true, true, "off", "", 0).warnings())
        .singleElement()
        .asString()
        .contains("synchronous_commit is off");
    assertThat(new Durability(false, true, "on", "", 0).warnings()).hasSize(1);
    assertThat(new Durability(true, false, "on", "", 0).warnings()).hasSize(1);
  }
}
