package io.egression.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SampleCatalogueTest {
  private static final JsonMapper JSON = new JsonMapper();

  private final SampleCatalogue catalogue = SampleCatalogue.load();

  @Test
  void it_holds_categories_brands_products_and_offers_in_that_order() {
    assertThat(catalogue.idsByType().keySet())
        .containsExactly("category", "brand", "product", "offer");
    assertThat(catalogue.idsByType().values())
        .extracting(List::size)
        .containsExactly(8, 5, 60, 120);
  }

  @Test
  void no_id_is_used_twice_in_a_type() {
    assertThat(catalogue.idsByType().values())
        .allSatisfy(ids -> assertThat(ids).doesNotHaveDuplicates());
  }

  @Test
  void every_object_is_found_and_carries_its_id() {
    catalogue
        .idsByType()
        .forEach(
            (type, ids) ->
                assertThat(ids)
                    .allSatisfy(
                        id -> assertThat(object(type, id).path("id").textValue()).isEqualTo(id)));
  }

  @Test
  void what_it_does_not_hold_is_not_found() {
    assertThat(catalogue.find("product", "A 12/35")).isEmpty();
    assertThat(catalogue.find("offer", "A 12/34")).isEmpty();
    assertThat(catalogue.find("order", "A 12/34")).isEmpty();
  }

  @Test
  void every_offer_has_its_product_and_every_product_an_offer() {
    assertThat(references("offer", "product"))
        .hasSameElementsAs(catalogue.idsByType().get("product"));
  }

  @Test
  void every_product_has_its_category_and_its_brand() {
    assertThat(catalogue.idsByType().get("category"))
        .containsAll(references("product", "category"));
    assertThat(catalogue.idsByType().get("brand"))
        .hasSameElementsAs(references("product", "brand"));
  }

  @Test
  void the_categories_are_one_tree_with_parents_before_children() {
    Set<String> seen = new HashSet<>();
    for (String id : catalogue.idsByType().get("category")) {
      JsonNode parent = object("category", id).required("parent");
      assertThat(parent.isNull() ? seen.isEmpty() : seen.contains(parent.textValue()))
          .as("%s under %s", id, parent)
          .isTrue();
      seen.add(id);
    }
  }

  @Test
  void ids_with_slashes_spaces_plus_signs_percent_signs_and_umlauts_exist() {
    assertThat(catalogue.find("category", "KAT/Küche & Bad")).isPresent();
    assertThat(catalogue.find("category", "KAT/Zelte + Tarps")).isPresent();
    assertThat(catalogue.find("brand", "M-山灯")).isPresent();
    assertThat(catalogue.find("product", "A 12/34")).isPresent();
    assertThat(catalogue.find("product", "50%-Ersatzteil")).isPresent();
    assertThat(catalogue.find("product", "DR#5001")).isPresent();
    assertThat(catalogue.find("offer", "RU-3004/45+10.GRN")).isPresent();
  }

  @Test
  void its_texts_hold_more_than_latin_letters() {
    assertThat(catalogue.idsByType().get("product"))
        .map(id -> catalogue.find("product", id).orElseThrow())
        .anyMatch(text -> text.contains("ß"))
        .anyMatch(text -> text.contains("é"))
        .anyMatch(text -> text.contains("€"))
        .anyMatch(text -> text.contains("抹茶"))
        .anyMatch(text -> text.contains("🦊"));
  }

  @Test
  void every_ean_is_valid_and_its_own() {
    List<String> eans =
        catalogue.idsByType().get("offer").stream()
            .map(id -> object("offer", id).required("ean").textValue())
            .toList();
    assertThat(eans)
        .doesNotHaveDuplicates()
        .allSatisfy(ean -> assertThat(ean).matches("\\d{13}"))
        .allSatisfy(ean -> assertThat(checksum(ean) % 10).isZero());
  }

  @Test
  void its_file_is_smaller_than_100_kilobytes() throws IOException {
    try (InputStream file = SampleCatalogue.class.getResourceAsStream("/demo/catalogue.json")) {
      assertThat(file).isNotNull();
      assertThat(file.readAllBytes()).hasSizeLessThan(100_000);
    }
  }

  private List<String> references(String type, String field) {
    return catalogue.idsByType().get(type).stream()
        .map(id -> object(type, id).required(field).textValue())
        .toList();
  }

  private JsonNode object(String type, String id) {
    try {
      return JSON.readTree(catalogue.find(type, id).orElseThrow());
    } catch (IOException e) {
      throw new AssertionError(type + " " + id, e);
    }
  }

  private static int checksum(String ean) {
    int sum = 0;
    for (int i = 0; i < ean.length(); i++) {
      sum += Character.digit(ean.charAt(i), 10) * (i % 2 == 0 ? 1 : 3);
    }
    return sum;
  }
}
