package io.egression.delivery;

import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

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

  /** The object that the answer has to be. */
  static JsonNode object(byte[] body) {
    JsonNode json = read(body);
    if (json.isMissingNode()) {
      throw new NotJsonException("is empty");
    }
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
