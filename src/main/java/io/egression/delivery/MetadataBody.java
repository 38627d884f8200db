package io.egression.delivery;

import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.camel.Message;

/** Reads the Metadata API's answers. */
final class MetadataBody {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** Not JSON at all: whoever answered, it was not the Metadata API in its right mind. */
  static final class NotJsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotJsonException(String what) {
      super(what);
    }
  }

  /** JSON, but not what is due: asking again would not help. */
  static final class UnfitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnfitException(String what) {
      super(what);
    }
  }

  private MetadataBody() {}

  /** The answer as it came, or as a route of its own has made it. */
  static byte[] bytes(Message answer) {
    Object body = answer.getBody();
    byte[] bytes =
        body instanceof JsonNode json
            ? json.toString().getBytes(StandardCharsets.UTF_8)
            : answer.getBody(byte[].class);
    return bytes == null ? new byte[0] : bytes;
  }

  /** The object that the answer has to be. */
  static JsonNode object(byte[] body) {
    JsonNode json = read(body);
    if (json.isMissingNode()) {
      throw new NotJsonException("is empty");
    }
    return requireObject(json);
  }

  /** The objects of an answer for several: {@code {"objects":[{"id","body"}…],"missing":[…]}}. */
  static Map<String, Ahead.Fetched> objects(byte[] body) {
    JsonNode json = object(body);
    if (!json.path("objects").isArray()) {
      throw new UnfitException("has no list of objects");
    }
    Map<String, Ahead.Fetched> objects = new HashMap<>();
    int size = body.length / Math.max(1, json.get("objects").size());
    json.get("objects")
        .forEach(
            each ->
                objects.put(each.path("id").asText(), new Ahead.Fetched(each.path("body"), size)));
    json.path("missing").forEach(id -> objects.put(id.asText(), new Ahead.Fetched(null, 0)));
    return objects;
  }

  /** As it must be for a connector. */
  static JsonNode requireObject(JsonNode json) {
    if (!json.isObject()) {
      throw new UnfitException("is not a JSON object");
    }
    return json;
  }

  private static JsonNode read(byte[] body) {
    try {
      return JSON.readTree(body);
    } catch (StreamConstraintsException e) {
      throw new UnfitException("nests too deep, or has too long a name or number");
    } catch (IOException e) { // its message would show the answer
      throw new NotJsonException("is not JSON");
    }
  }
}
