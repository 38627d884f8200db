package io.egression.connector;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.camel.spi.PropertiesFunction;
import org.jspecify.annotations.Nullable;

/**
 * {@code {{file:/path}}}: a file's text, without the line break at its end, as orchestrators mount
 * secrets. Camel finds it by {@code META-INF/services/org/apache/camel/properties-function/file}.
 */
public final class FileFunction implements PropertiesFunction {
  private static final long LONGEST = 64 * 1024;

  @Override
  public String getName() {
    return "file";
  }

  @Override
  public String apply(String path) {
    try {
      Path file = Path.of(path);
      if (Files.size(file) > LONGEST) {
        throw unusable(path, "longer than 64 KiB", null);
      }
      return Files.readString(file, StandardCharsets.UTF_8).replaceFirst("\\r?\\n\\z", "");
    } catch (NoSuchFileException e) {
      throw unusable(path, "there is no such file", e);
    } catch (IOException e) {
      throw unusable(path, "it cannot be read", e);
    }
  }

  private static IllegalArgumentException unusable(
      String path, String why, @Nullable Throwable cause) {
    return new IllegalArgumentException("{{file:" + path + "}}: " + why, cause);
  }
}
