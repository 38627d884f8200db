package io.egression.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RestPathsTest {
  private static final RestPaths PATHS =
      RestPaths.of(
          "/{type}/{id}",
          "{\"product\":\"/products/{id}\",\"price\":\"/p?sku={ownId}\",\"price.delete\":\"/p/{id}/gone\"}");

  private static String path(String type, String id, String action, boolean isNew) {
    return PATHS.path(new RestPaths.Target(type, id, "own " + id), action, isNew);
  }

  @Test
  void a_type_has_its_own_template_or_the_standard_one() {
    assertThat(path("product", "1", "update", false)).isEqualTo("/products/1");
    assertThat(path("brand", "1", "update", false)).isEqualTo("/brand/1");
  }

  @Test
  void a_template_for_an_action_goes_before_the_type_s() {
    assertThat(path("price", "1", "delete", false)).isEqualTo("/p/1/gone");
    assertThat(path("price", "1", "update", false)).isEqualTo("/p?sku=own%201");
  }

  @Test
  void what_is_new_has_no_id_in_its_path() {
    assertThat(path("product", "1", "create", true)).isEqualTo("/products");
    assertThat(path("price", "1", "create", true)).isEqualTo("/p?sku=own%201");
  }

  @Test
  void every_word_is_encoded_once_and_its_value_is_no_template() {
    assertThat(path("ä b", "{id}/..%2F$1", "update", false))
        .isEqualTo("/%C3%A4%20b/%7Bid%7D%2F..%252F%241");
    assertThat(path("product", "..", "update", false)).isEqualTo("/products/%2E%2E");
  }

  @Test
  void a_template_that_could_not_be_filled_in_is_refused() {
    assertThatThrownBy(() -> new RestPaths("/{typ}/{id}", Map.of()))
        .hasMessageContaining("unknown word {typ}");
    assertThatThrownBy(() -> new RestPaths("/{id}", Map.of("product", "products")))
        .hasMessageContaining("must begin with '/'");
    assertThatThrownBy(() -> RestPaths.of("/{id}", "product")).hasMessageContaining("a mapping");
  }
}
