package io.egression.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The objects of the sample world: an outdoor and household shop's categories to offers. */
public final class SampleCatalogue {
  private static final String FILE = "/demo/catalogue.json";
  private static final List<String> TYPES = List.of("category", "brand", "product", "offer");

  private final Map<String, Map<String, String>> textsByType;

  private SampleCatalogue(Map<String, Map<String, String>> textsByType) {
    this.textsByType = textsByType;
  }

  /** Reads the catalogue that ships with the hub. */
  public static SampleCatalogue load() {
    try (InputStream file = SampleCatalogue.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new FileNotFoundException(FILE);
      }
      JsonNode catalogue = new JsonMapper().readTree(file);
      Map<String, Map<String, String>> textsByType = new LinkedHashMap<>();
      TYPES.forEach(type -> textsByType.put(type, textsById(catalogue.required(type))));
      return new SampleCatalogue(textsByType);
    } catch (IOException e) {
      throw new UncheckedIOException("the sample catalogue cannot be read", e);
    }
  }

  private static Map<String, String> textsById(JsonNode objects) {
    Map<String, String> texts = new LinkedHashMap<>();
    objects.forEach(object -> texts.put(object.required("id").textValue(), object.toString()));
    return texts;
  }

  /** The ids of every object type, in the order in which a channel needs them. */
  public Map<String, List<String>> idsByType() {
    Map<String, List<String>> ids = new LinkedHashMap<>();
    textsByType.forEach((type, texts) -> ids.put(type, List.copyOf(texts.keySet())));
    return Collections.unmodifiableMap(ids);
  }

  /** The object's JSON text. */
  public Optional<String> find(String type, String id) {
    return Optional.ofNullable(textsByType.getOrDefault(type, Map.of()).get(id));
  }
}
