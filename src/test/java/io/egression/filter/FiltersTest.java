package io.egression.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.egression.CamelCli;
import io.egression.connector.Catalogue;
import io.egression.connector.ConnectorFolder;
import io.egression.connector.FilterDefinition;
import io.egression.job.AccountKey;
import io.egression.job.Action;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FiltersTest {
  private static final String BODY =
      "{\"price\": 12.5, \"status\": \"active\", \"tags\": [\"new\", \"sale\"], \"size\": null, \"count\": \"7\"}";

  @TempDir private Path folder;
  private CamelContext camel;
  private Filters filters;

  @BeforeEach
  void start() {
    camel = CamelCli.keptFrom(new DefaultCamelContext());
    camel.start();
    filters = new Filters(camel);
  }

  @AfterEach
  void stop() {
    camel.stop();
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "jq: .body.price > 10 => true",
        "jq: .body.price > 20 => false",
        "jq: .body.nothing => false",
        "jq: '.body.tags | index(\"sale\")' => true",
        "jq: '.objectType == \"product\" and .channel == \"shop\"' => true",
        "jsonpath: $.body[?(@.status == 'active')] => true",
        "jsonpath: $.body[?(@.status == 'draft')] => false",
        "simple: \"${body[body][status]} == 'active'\" => true",
        "simple: \"${body[action]} == 'delete'\" => false",
        "action: [create, update] => true",
        "action: [create] => false",
        "objectType: [offer, product] => true",
        "objectType: [offer] => false",
        "not: {objectType: [offer]} => true",
        "not: {not: {objectType: [offer]}} => false",
        "all: [{action: [update]}, {jq: .body.price < 20}] => true",
        "all: [{action: [update]}, {jq: .body.price > 20}] => false",
        "any: [{action: [create]}, {jq: .body.price < 20}] => true",
        "any: [{action: [create]}, {jq: .body.price > 20}] => false",
        "all: [{objectType: [offer]}, {jq: '.body.status * {}'}] => false",
        "any: [{objectType: [product]}, {jq: '.body.status * {}'}] => true",
      })
  void an_object_matches_or_not(String condition, boolean matches) {
    assertThat(judge(condition, Action.UPDATE, BODY).matches()).isEqualTo(matches);
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "jq: .body.price > 10 => true",
        "not: {jq: .body.price > 10} => true",
        "all: [{jq: .body.price > 10}, {objectType: [product]}] => true",
        "all: [{jq: .body.price > 10}, {objectType: [offer]}] => false",
        "any: [{jq: .body.price > 10}, {objectType: [offer]}] => false",
        "action: [create, update] => false",
        "all: [{action: [create, update]}, {jq: .body.price > 10}] => false",
        "any: [{action: [delete]}, {jq: .body.price > 10}] => true",
      })
  void a_delete_is_judged_by_its_action_and_type_alone(String condition, boolean matches) {
    assertThat(judge(condition, Action.DELETE, null).matches()).isEqualTo(matches);
  }

  @Test
  void the_reason_is_the_first_condition_that_does_not_hold() {
    assertThat(
            judge("all: [{jq: .body.price > 0}, {jq: .body.price > 20}]", Action.UPDATE, BODY)
                .reason())
        .isEqualTo("does not match jq '.body.price > 20'");
    assertThat(
            judge("any: [{action: [create]}, {not: {jq: .body.price}}]", Action.UPDATE, BODY)
                .reason())
        .isEqualTo("does not match any of [action [create], not jq '.body.price']");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jq: .body.price.amount > 10",
        "jq: .body.tags * 2 > 10",
        "jq: .body.count - 1 > 10",
        "jq: .body.size | keys | length > 1",
        "jsonpath: $.body.nothing.price",
        "jsonpath: $.nothing",
        "simple: \"${body[price].amount} > 10\"",
      })
  void an_expression_that_fails_says_so_and_where(String condition) {
    assertThatThrownBy(() -> judge(condition, Action.UPDATE, BODY))
        .isInstanceOf(FilterFailedException.class)
        .hasMessageStartingWith("filter sellable version 3: ")
        .hasMessageContaining(" failed on product/1: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "simple: \"${bod\" => 3:11",
        "all: [{simple: '${nothing(}'}] => 3:18",
      })
  void an_expression_that_is_wrong_is_shown_where_it_is(String condition, String place) {
    FilterDefinition filter = definition(condition);
    assertThat(filters.check(java.util.List.of(filter)))
        .singleElement()
        .asString()
        .contains("sellable.yaml:" + place + ": match.");
  }

  private Judgement judge(String condition, Action action, String body) {
    try {
      Subject subject =
          new Subject(
              new AccountKey("acme", "shop"),
              "erp",
              action,
              "product",
              "1",
              body == null ? null : new ObjectMapper().readTree(body));
      return filters.judge(definition(condition), subject);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private FilterDefinition definition(String condition) {
    try {
      Path file = Files.createDirectories(folder.resolve("filters")).resolve("sellable.yaml");
      Files.writeString(file, "version: 3\nmatch:\n  %s\n".formatted(condition));
      Catalogue catalogue = ConnectorFolder.read(folder, text -> text);
      return catalogue.filters().get("sellable");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
