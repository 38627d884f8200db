package io.egression.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.egression.connector.Account;
import io.egression.connector.Connector;
import io.egression.connector.PartitionBy;
import io.egression.connector.Policy;
import io.egression.job.AccountKey;
import io.egression.job.Action;
import io.egression.job.Job;
import io.egression.job.Submission;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FanOutTest {
  private static final Account WHOLE = account("whole", PartitionBy.ACCOUNT);
  private static final Account BY_TYPE = account("by-type", PartitionBy.OBJECT_TYPE);
  private static final Account BY_OBJECT = account("by-object", PartitionBy.OBJECT);

  @Test
  void an_account_has_one_key_unless_it_says_otherwise() {
    List<Job> jobs = FanOut.jobs(submission(null, "1", "2"), List.of(WHOLE), null, null);
    assertThat(jobs).extracting(Job::partitionKey).containsExactly("*");
    assertThat(jobs).extracting(Job::objectIds).containsExactly(List.of("1", "2"));
  }

  @Test
  void a_key_may_be_the_object_s_type() {
    List<Job> jobs = FanOut.jobs(submission(null, "1", "2"), List.of(BY_TYPE), null, null);
    assertThat(jobs).extracting(Job::partitionKey).containsExactly("product");
    assertThat(jobs).extracting(Job::objectIds).containsExactly(List.of("1", "2"));
  }

  @Test
  void a_key_may_be_the_object_and_then_each_object_is_a_job() {
    List<Job> jobs = FanOut.jobs(submission(null, "1", "a/b", "ü"), List.of(BY_OBJECT), null, null);
    assertThat(jobs)
        .extracting(Job::partitionKey)
        .containsExactly("product/1", "product/a/b", "product/ü");
    assertThat(jobs)
        .extracting(Job::objectIds)
        .containsExactly(List.of("1"), List.of("a/b"), List.of("ü"));
  }

  @Test
  void a_key_may_be_computed_and_the_objects_of_a_key_stay_together() {
    Account byModel = account("by-model", PartitionBy.jq(".objectId | split(\"-\")[0]"));
    List<Job> jobs =
        FanOut.jobs(submission(null, "a-1", "b-1", "a-2"), List.of(byModel), null, null);
    assertThat(jobs).extracting(Job::partitionKey).containsExactly("a", "b");
    assertThat(jobs)
        .extracting(Job::objectIds)
        .containsExactly(List.of("a-1", "a-2"), List.of("b-1"));
    assertThat(jobs).extracting(Job::explicitKey).containsOnly(false);
  }

  @Test
  void an_object_without_a_key_is_refused() {
    for (String none : List.of("empty", "null", "\"\"", ".objectId * 300", "error(\"x\")")) {
      Account account = account("odd", PartitionBy.jq(none));
      assertThatThrownBy(() -> FanOut.jobs(submission(null, "a-1"), List.of(account), null, null))
          .as(none)
          .isInstanceOf(FanOut.NoKeyException.class)
          .hasMessageContaining("acme/odd")
          .hasMessageContaining("'a-1'");
    }
  }

  @Test
  void the_producer_s_own_key_comes_first_and_keeps_the_objects_together() {
    List<Job> jobs =
        FanOut.jobs(
            submission("order 7", "1", "2"), List.of(WHOLE, BY_TYPE, BY_OBJECT), null, null);
    assertThat(jobs).hasSize(3);
    assertThat(jobs).extracting(Job::partitionKey).containsOnly("order 7");
    assertThat(jobs).extracting(Job::explicitKey).containsOnly(true);
    assertThat(jobs).extracting(Job::objectIds).containsOnly(List.of("1", "2"));
  }

  @Test
  void each_account_has_jobs_of_its_own_in_the_accounts_order() {
    List<Job> jobs =
        FanOut.jobs(submission(null, "1", "2"), List.of(BY_OBJECT, WHOLE, BY_TYPE), null, null);
    assertThat(jobs)
        .extracting(job -> job.account().channel())
        .containsExactly("by-object", "by-object", "whole", "by-type");
    assertThat(jobs).extracting(Job::id).doesNotHaveDuplicates();
    assertThat(jobs).extracting(Job::explicitKey).containsOnly(false);
  }

  @Test
  void ids_sort_as_the_jobs_were_made() {
    List<Job> jobs = FanOut.jobs(submission(null, "1", "2", "3"), List.of(BY_OBJECT), null, null);
    assertThat(jobs).extracting(job -> job.id().toString()).isSorted();
    assertThat(jobs).extracting(job -> job.id().version()).containsOnly(7);
  }

  @Test
  void what_the_producer_said_is_in_every_job() {
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Job job = FanOut.jobs(submission(null, "1"), List.of(BY_OBJECT), trace, null).get(0);
    assertThat(job.account()).isEqualTo(new AccountKey("acme", "by-object"));
    assertThat(job.source()).isEqualTo("erp");
    assertThat(job.action()).isEqualTo(Action.DELETE);
    assertThat(job.objectType()).isEqualTo("product");
    assertThat(job.notBefore()).isEqualTo(Instant.EPOCH);
    assertThat(job.priority()).isEqualTo(7);
    assertThat(job.traceparent()).isEqualTo(trace);
  }

  @Test
  void without_accounts_there_are_no_jobs() {
    assertThat(FanOut.jobs(submission(null, "1"), List.of(), null, null)).isEmpty();
  }

  private static Submission submission(@Nullable String partitionKey, String... ids) {
    return new Submission(
        "acme",
        "erp",
        null,
        Action.DELETE,
        "product",
        List.of(ids),
        Instant.EPOCH,
        partitionKey,
        null,
        7);
  }

  private static Account account(String channel, PartitionBy partitionBy) {
    return new Account(
        new AccountKey("acme", channel),
        new Connector("shop", Map.of(), Policy.DEFAULT),
        Map.of(),
        partitionBy,
        Account.Payload.FULL,
        16,
        64,
        false);
  }
}
