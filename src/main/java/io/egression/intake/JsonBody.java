package io.egression.intake;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.egression.intake.Problem.ProblemException;
import java.io.CharArrayReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

/** Reads a request's body as one JSON document, strictly. */
public final class JsonBody {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonBody() {}

  /**
   * @throws ProblemException 400 saying what is not JSON, and where
   */
  public static JsonNode read(byte[] body) {
    try {
      JsonNode json = JSON.readTree(utf8(body));
      if (json != null && !json.isMissingNode()) {
        return json;
      }
    } catch (StreamConstraintsException e) {
      throw malformed("It is nested too deep, or a name or number in it is too long.");
    } catch (JsonProcessingException e) {
      throw malformed(detail(e));
    } catch (IOException e) {
      throw malformed("It cannot be read.");
    }
    throw malformed("It is empty.");
  }

  /** JSON between systems is UTF-8 (RFC 8259); Jackson would take UTF-16 and UTF-32 as well. */
  private static Reader utf8(byte[] body) {
    ByteBuffer bytes = ByteBuffer.wrap(body);
    CharBuffer text = CharBuffer.allocate(body.length);
    if (StandardCharsets.UTF_8.newDecoder().decode(bytes, text, true).isError()) {
      throw malformed("It is not UTF-8: see byte %d.".formatted(bytes.position() + 1));
    }
    int start = text.position() > 0 && text.get(0) == BYTE_ORDER_MARK ? 1 : 0;
    return new CharArrayReader(text.array(), start, text.position() - start);
  }

  private static String detail(JsonProcessingException fault) {
    // Where an unfinished object or array began is said in Jackson's own terms.
    String what =
        fault
            .getOriginalMessage()
            .lines()
            .findFirst()
            .orElse("")
            .replaceFirst(" \\(start marker at .*", "");
    JsonLocation at = fault.getLocation();
    return at == null
        ? what
        : "%s (line %d, column %d)".formatted(what, at.getLineNr(), at.getColumnNr());
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(
        Problem.of(400, "malformed-json", "The body is not valid JSON", detail));
  }
}
