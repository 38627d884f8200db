package io.egression.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SuggestionTest {
  private static final List<String> KNOWN = List.of("subscription", "source", "channel", "url");

  @Test
  void a_mistyped_word_is_recognised() {
    assertThat(Suggestion.forWord("subscripton", KNOWN)).isEqualTo("did you mean 'subscription'?");
    assertThat(Suggestion.forWord("chanel", KNOWN)).isEqualTo("did you mean 'channel'?");
    assertThat(Suggestion.forWord("rul", KNOWN)).isEqualTo("did you mean 'url'?");
    assertThat(Suggestion.forWord("SOURCE", KNOWN)).isEqualTo("did you mean 'source'?");
  }

  @Test
  void a_word_unlike_any_other_is_answered_with_all_of_them() {
    assertThat(Suggestion.forWord("colour", KNOWN))
        .isEqualTo("known are: channel, source, subscription, url");
  }

  @Test
  void short_words_that_have_nothing_in_common_are_not_taken_for_one_another() {
    assertThat(Suggestion.forWord("de", Set.of("fr", "it"))).isEqualTo("known are: fr, it");
    assertThat(Suggestion.forWord("x", Set.of("y"))).isEqualTo("known are: y");
    assertThat(Suggestion.forWord("", Set.of("y"))).isEqualTo("known are: y");
  }

  @Test
  void of_words_equally_close_it_is_always_the_same_one() {
    assertThat(Suggestion.forWord("shop-xx", Set.of("shop-fr", "shop-de", "shop-it")))
        .isEqualTo("did you mean 'shop-de'?");
  }

  @Test
  void the_closest_word_wins() {
    assertThat(Suggestion.forWord("partitionkey", Set.of("partitionBy", "partitionKey")))
        .isEqualTo("did you mean 'partitionKey'?");
  }

  @Test
  void where_nothing_is_known_that_is_said() {
    assertThat(Suggestion.forWord("shop", Set.of())).isEqualTo("none is known");
  }
}
